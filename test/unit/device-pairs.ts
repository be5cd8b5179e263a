/** What a later User-Agent of a session says: the same device, with a newer or an older browser, or another device. */
export type Verdict = 'same' | 'newer' | 'older' | 'another'

/** Judged by hand. */
export interface Pair {
  readonly what: string
  readonly before: string
  readonly after: string
  readonly verdict: Verdict
}

const WINDOWS = 'Windows NT 10.0; Win64; x64'
const MAC = 'Macintosh; Intel Mac OS X 10_15_7'
const LINUX = 'X11; Linux x86_64'
const ANDROID = 'Linux; Android 10; K'
const CHROMEBOOK = 'X11; CrOS x86_64 14541.0.0'
const iphone = (version: string): string => `iPhone; CPU iPhone OS ${version} like Mac OS X`
const ipad = (version: string): string => `iPad; CPU OS ${version} like Mac OS X`

/** A browser made of Chromium, with what it adds before and behind the name of Safari. */
const chromium = (system: string, major: number, more = '', behind = ''): string =>
  `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.0.0 ${more}Safari/537.36${behind}`
const chrome = (system: string, major: number): string =>
  chromium(system, major, system === ANDROID ? 'Mobile ' : '')
const edge = (system: string, major: number): string => chromium(system, major, '', ` Edg/${major}.0.0.0`)
const edgeOnAndroid = (major: number): string => chromium(ANDROID, major, 'Mobile ', ` EdgA/${major}.0.0.0`)
const opera = (system: string, major: number): string =>
  chromium(system, major + 16, '', ` OPR/${major}.0.0.0`)
const operaOnAndroid = (major: number): string =>
  chromium(ANDROID, major + 46, 'Mobile ', ` OPR/${major}.0.0.0`)
const samsung = (major: number, engine: number): string =>
  `Mozilla/5.0 (${ANDROID}) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/${major}.0 Chrome/${engine}.0.0.0 Mobile Safari/537.36`
const firefox = (system: string, major: number): string =>
  `Mozilla/5.0 (${system}; rv:${major}.0) Gecko/20100101 Firefox/${major}.0`
const firefoxOnAndroid = (android: number, major: number, kind = 'Mobile'): string =>
  `Mozilla/5.0 (Android ${android}; ${kind}; rv:${major}.0) Gecko/${major}.0 Firefox/${major}.0`
const safari = (version: string): string =>
  `Mozilla/5.0 (${MAC}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${version} Safari/605.1.15`
const mobileSafari = (system: string, version: string): string =>
  `Mozilla/5.0 (${system}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${version} Mobile/15E148 Safari/604.1`
const onIos = (system: string, product: string): string =>
  `Mozilla/5.0 (${system}) AppleWebKit/605.1.15 (KHTML, like Gecko) ${product} Mobile/15E148 Safari/604.1`
/** A page within an app. */
const iosView = (system: string, app = ''): string =>
  `Mozilla/5.0 (${system}) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148${app}`
const androidView = (android: number, major: number, app = ''): string =>
  `Mozilla/5.0 (Linux; Android ${android}; Pixel 8 Build/AP4A.250105.002; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/${major}.0.6778.200 Mobile Safari/537.36${app}`

const instagram = (version: string): string =>
  ` Instagram ${version} (iPhone14,5; iOS 18_2; de_DE; de; scale=3.00; 1170x2532; 674117118)`
const facebook = (version: string): string =>
  ` [FBAN/FBIOS;FBAV/${version};FBBV/677;FBDV/iPhone14,5;FBMD/iPhone;FBSN/iOS;FBSV/18.2;FBSS/3;FBLC/de_DE]`
const electron = (app: string, engine: number, version: string): string =>
  `Mozilla/5.0 (${MAC}) AppleWebKit/537.36 (KHTML, like Gecko) ${app} Chrome/${engine}.0.6723.118 Electron/${version} Safari/537.36`
const dalvik = (android: number): string =>
  `Dalvik/2.1.0 (Linux; U; Android ${android}; Pixel 8 Build/AP4A.250105.002)`
const webkitGtk = (version: string): string =>
  `Mozilla/5.0 (${LINUX}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${version} Safari/605.1.15`

type Row = readonly [what: string, before: string, after: string]
const all = (verdict: Verdict, ...rows: readonly Row[]): Pair[] =>
  rows.map(([what, before, after]) => ({ what, before, after, verdict }))

/** Browsers and systems of the last two years, as they update themselves. None of this may end a session. */
const newer = all(
  'newer',
  ['Chrome on Windows', chrome(WINDOWS, 131), chrome(WINDOWS, 132)],
  ['Chrome on Windows, two years later', chrome(WINDOWS, 131), chrome(WINDOWS, 147)],
  ['Chrome on a Mac', chrome(MAC, 131), chrome(MAC, 147)],
  ['Chrome on Linux', chrome(LINUX, 131), chrome(LINUX, 147)],
  ['Chrome on Android', chrome(ANDROID, 131), chrome(ANDROID, 147)],
  ['Chrome on a Chromebook', chrome(CHROMEBOOK, 131), chrome(CHROMEBOOK, 147)],
  ['Chrome on a tablet', chromium(ANDROID, 131), chromium(ANDROID, 147)],
  [
    'Chrome on an iPhone',
    onIos(iphone('18_1'), 'CriOS/131.0.6778.73'),
    onIos(iphone('18_6'), 'CriOS/139.0.7258.76'),
  ],
  [
    'Chrome on an iPhone, with iOS 26',
    onIos(iphone('18_6'), 'CriOS/139.0.7258.76'),
    onIos(iphone('26_0'), 'CriOS/141.0.7390.41'),
  ],
  [
    'Chrome on an iPad',
    onIos(ipad('18_1'), 'CriOS/131.0.6778.73'),
    onIos(ipad('26_1'), 'CriOS/143.0.7499.38'),
  ],
  [
    'Chrome before and after the User-Agent was reduced',
    'Mozilla/5.0 (Linux; Android 13; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0.5414.117 Mobile Safari/537.36',
    chrome(ANDROID, 131),
  ],
  ['Chrome from 99 to 100', chrome(WINDOWS, 99), chrome(WINDOWS, 100)],
  ['Chrome from Windows 7 to 10', chrome('Windows NT 6.1; Win64; x64', 109), chrome(WINDOWS, 131)],
  ['Edge on Windows', edge(WINDOWS, 131), edge(WINDOWS, 132)],
  ['Edge on Windows, two years later', edge(WINDOWS, 131), edge(WINDOWS, 147)],
  ['Edge on a Mac', edge(MAC, 131), edge(MAC, 147)],
  ['Edge on Linux', edge(LINUX, 131), edge(LINUX, 147)],
  ['Edge on Android', edgeOnAndroid(131), edgeOnAndroid(147)],
  [
    'Edge on an iPhone',
    onIos(iphone('18_1'), 'Version/18.0 EdgiOS/131.0.2903.92'),
    onIos(iphone('26_0'), 'Version/26.0 EdgiOS/141.0.3537.57'),
  ],
  ['Opera on Windows', opera(WINDOWS, 115), opera(WINDOWS, 124)],
  ['Opera on a Mac', opera(MAC, 115), opera(MAC, 124)],
  ['Opera on Android', operaOnAndroid(86), operaOnAndroid(92)],
  ['Samsung Internet', samsung(27, 125), samsung(28, 130)],
  ['Samsung Internet, a year later', samsung(27, 125), samsung(29, 136)],
  [
    'Samsung Internet from a full to a reduced User-Agent',
    samsung(23, 115).replace(ANDROID, 'Linux; Android 13; SAMSUNG SM-S918B'),
    samsung(27, 125),
  ],
  [
    'Vivaldi, where it says so',
    chromium(WINDOWS, 130, '', ' Vivaldi/6.9.3447.54'),
    chromium(WINDOWS, 132, '', ' Vivaldi/7.1.3570.39'),
  ],
  ['Vivaldi, where it does not', chrome(LINUX, 130), chrome(LINUX, 132)],
  ['Brave', chrome(MAC, 131), chrome(MAC, 133)],
  [
    'Yandex Browser',
    chromium(WINDOWS, 130, 'YaBrowser/24.12.0.0 '),
    chromium(WINDOWS, 134, 'YaBrowser/25.4.0.0 '),
  ],
  [
    'Huawei Browser',
    chromium('Linux; Android 12; NOH-NX9', 114, 'HuaweiBrowser/15.0.8.301 Mobile '),
    chromium('Linux; Android 12; NOH-NX9', 125, 'HuaweiBrowser/16.0.5.302 Mobile '),
  ],
  [
    'Silk on a Fire tablet',
    chromium('Linux; Android 11; KFTRWI', 130, '').replace('Chrome/', 'Silk/130.3.1 like Chrome/'),
    chromium('Linux; Android 11; KFTRWI', 134, '').replace('Chrome/', 'Silk/134.2.3 like Chrome/'),
  ],
  ['Firefox on Windows', firefox(WINDOWS, 132), firefox(WINDOWS, 133)],
  ['Firefox on Windows, two years later', firefox(WINDOWS, 132), firefox(WINDOWS, 149)],
  [
    'Firefox on a Mac',
    firefox('Macintosh; Intel Mac OS X 10.15', 132),
    firefox('Macintosh; Intel Mac OS X 10.15', 149),
  ],
  ['Firefox on Linux', firefox(LINUX, 132), firefox(LINUX, 149)],
  [
    'Firefox from the package of Ubuntu to the snap',
    firefox('X11; Ubuntu; Linux x86_64', 132),
    firefox(LINUX, 133),
  ],
  [
    'Firefox from X11 to Wayland, as Fedora has it',
    firefox('X11; Fedora; Linux x86_64', 132),
    firefox('Wayland; Linux x86_64', 133),
  ],
  ['Firefox from 32 to 64 bits', firefox('Windows NT 10.0', 132), firefox(WINDOWS, 133)],
  ['Firefox ESR', firefox(WINDOWS, 128), firefox(WINDOWS, 140)],
  ['Firefox from ESR to the release', firefox(LINUX, 128), firefox(LINUX, 144)],
  ['Firefox from 99 to 100', firefox(LINUX, 99), firefox(LINUX, 100)],
  ['Firefox on Android, with Android', firefoxOnAndroid(14, 132), firefoxOnAndroid(16, 149)],
  ['Firefox on an Android tablet', firefoxOnAndroid(14, 132, 'Tablet'), firefoxOnAndroid(15, 140, 'Tablet')],
  ['Firefox on an iPhone', onIos(iphone('18_1'), 'FxiOS/132.0'), onIos(iphone('26_0'), 'FxiOS/144.0')],
  ['Tor Browser', firefox('Windows NT 10.0', 128), firefox('Windows NT 10.0', 140)],
  ['Safari on a Mac', safari('18.1'), safari('26.0')],
  ['Safari on a Mac from 17', safari('17.6'), safari('18.0')],
  [
    'Safari on an iPhone from iOS 17',
    mobileSafari(iphone('17_7'), '17.7'),
    mobileSafari(iphone('18_1'), '18.1'),
  ],
  [
    'Safari on an iPhone to iOS 26, which says that it is 18.6',
    mobileSafari(iphone('18_6'), '18.6'),
    mobileSafari(iphone('18_6'), '26.0'),
  ],
  [
    'Safari on an iPhone to iOS 26.1',
    mobileSafari(iphone('18_1_1'), '18.1.1'),
    mobileSafari(iphone('18_7'), '26.1'),
  ],
  [
    'Safari on an iPad that asks for mobile sites',
    mobileSafari(ipad('17_6'), '17.6'),
    mobileSafari(ipad('18_6'), '26.0'),
  ],
  ['Safari on an iPad that asks for desktop sites', safari('18.1'), safari('26.0')],
  ['WebKitGTK', webkitGtk('18.0'), webkitGtk('26.0')],
  ['Epiphany', `${webkitGtk('18.0')} Epiphany/46.0`, `${webkitGtk('26.0')} Epiphany/49.0`],
  ['a view of Android', androidView(14, 131), androidView(15, 140)],
  [
    'Facebook on Android',
    androidView(14, 131, ' [FB_IAB/FB4A;FBAV/494.0.0.47.68;]'),
    androidView(14, 140, ' [FB_IAB/FB4A;FBAV/530.0.0.48.74;]'),
  ],
  [
    'Google Search on an iPhone',
    onIos(iphone('18_2'), 'GSA/345.0.701'),
    onIos(iphone('18_6'), 'GSA/380.0.7'),
  ],
  ['an app of Electron', electron('Notes/1.0.0', 130, '33.2.0'), electron('Notes/1.1.0', 136, '36.2.0')],
)

/** The same browser, and nothing that a version would tell. */
const same = all(
  'same',
  ['Chrome in a private window', chrome(WINDOWS, 140), chrome(WINDOWS, 140)],
  ['Firefox in a private window', firefox(LINUX, 140), firefox(LINUX, 140)],
  ['Safari in a private window', mobileSafari(iphone('18_6'), '26.0'), mobileSafari(iphone('18_6'), '26.0')],
  ['Chrome, a small update', chromium(MAC, 131), chromium(MAC, 131).replace('131.0.0.0', '131.0.6778.205')],
  ['Safari, a small update', safari('18.1'), safari('18.6')],
  [
    'Safari on an iPhone, small updates of both',
    mobileSafari(iphone('18_0_1'), '18.0.1'),
    mobileSafari(iphone('18_6_2'), '18.6'),
  ],
  [
    'Safari of iOS 26, small updates',
    mobileSafari(iphone('18_6'), '26.0'),
    mobileSafari(iphone('18_7'), '26.2'),
  ],
  ['Windows 10 and 11, which no browser tells apart', edge(WINDOWS, 140), edge(WINDOWS, 140)],
  ['Windows 7 and 10', firefox('Windows NT 6.1; Win64; x64', 115), firefox(WINDOWS, 115)],
  ['a Mac, whose version is frozen', chrome('Macintosh; Intel Mac OS X 10_14_6', 131), chrome(MAC, 131)],
  [
    'a Mac in Firefox',
    firefox('Macintosh; Intel Mac OS X 10.14', 132),
    firefox('Macintosh; Intel Mac OS X 10.15', 132),
  ],
  ['Android 14 and 15', firefoxOnAndroid(14, 140), firefoxOnAndroid(15, 140)],
  [
    'a Chromebook after an update of its system',
    chrome('X11; CrOS x86_64 15633.0.0', 131),
    chrome('X11; CrOS x86_64 16033.0.0', 131),
  ],
  [
    'a Chromebook with another processor',
    chrome(CHROMEBOOK, 131),
    chrome('X11; CrOS aarch64 14541.0.0', 131),
  ],
  ['Linux on another processor', firefox(LINUX, 140), firefox('X11; Linux aarch64', 140)],
  ['Ubuntu and Linux', firefox('X11; Ubuntu; Linux x86_64', 132), firefox(LINUX, 132)],
  [
    'a language that old browsers tell',
    'Mozilla/5.0 (Linux; U; Android 4.4.2; de-de; GT-I9505) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Mobile Safari/534.30',
    'Mozilla/5.0 (Linux; U; Android 4.4.2; en-us; GT-I9505) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Mobile Safari/534.30',
  ],
  ['an app of iOS that shows pages', iosView(iphone('18_1')), iosView(iphone('18_6'))],
  [
    'Instagram on an iPhone',
    iosView(iphone('18_2'), instagram('361.0.0.35.82')),
    iosView(iphone('18_6'), instagram('395.0.0.30.83')),
  ],
  [
    'Facebook on an iPhone',
    iosView(iphone('18_2'), facebook('494.0.0.38.102')),
    iosView(iphone('18_6'), facebook('530.0.0.52.75')),
  ],
  [
    'an app by CFNetwork',
    'Shop/41 CFNetwork/1568.300.101 Darwin/24.2.0',
    'Shop/42 CFNetwork/3826.500.131 Darwin/25.0.0',
  ],
  [
    'an app by Alamofire',
    'Shop/1.2 (com.example.shop; build:4; iOS 18.1.0) Alamofire/5.9.1',
    'Shop/1.9 (com.example.shop; build:9; iOS 18.6.0) Alamofire/5.10.2',
  ],
  ['an app by okhttp', 'okhttp/4.12.0', 'okhttp/5.1.0'],
  ['an app by Dart', 'Dart/3.5 (dart:io)', 'Dart/3.5 (dart:io)'],
  ['an app by Ktor', 'ktor-client', 'ktor-client'],
  ['Node', 'node', 'node'],
  ['an app by axios', 'axios/1.7.9', 'axios/1.12.2'],
  ['a program in Go, by another protocol', 'Go-http-client/1.1', 'Go-http-client/2.0'],
  ['a program in Python', 'python-httpx/0.27.2', 'python-httpx/0.28.1'],
  ['a program in Java', 'Java-http-client/17.0.12', 'Java-http-client/21.0.5'],
  ['curl', 'curl/8.5.0', 'curl/8.16.0'],
  ['Postman', 'PostmanRuntime/7.42.0', 'PostmanRuntime/7.49.0'],
  ['nothing at all', '', ''],
)

/** A version fell: odd, but it ends no session. */
const older = all(
  'older',
  ['Chrome put back', chrome(WINDOWS, 132), chrome(WINDOWS, 131)],
  ['Edge put back by its administrator', edge(WINDOWS, 140), edge(WINDOWS, 138)],
  ['Firefox from the release to ESR', firefox(LINUX, 144), firefox(LINUX, 140)],
  ['Firefox from the beta to the release', firefox(WINDOWS, 145), firefox(WINDOWS, 144)],
  ['Safari from the beta to the release', safari('26.0'), safari('18.6')],
  ['Samsung Internet put back', samsung(28, 130), samsung(27, 125)],
  [
    'Chrome on an iPhone from a backup',
    onIos(iphone('18_6'), 'CriOS/139.0.7258.76'),
    onIos(iphone('18_6'), 'CriOS/131.0.6778.73'),
  ],
  ['a view of Android put back', androidView(15, 140), androidView(15, 131)],
)

/** A cookie that was taken elsewhere, or a view that says that it is another device. */
const another = all(
  'another',
  ['Chrome to Firefox', chrome(WINDOWS, 140), firefox(WINDOWS, 140)],
  ['Firefox to Chrome', firefox(LINUX, 140), chrome(LINUX, 140)],
  ['Chrome to Edge', chrome(WINDOWS, 140), edge(WINDOWS, 140)],
  ['Chrome to Opera', chrome(WINDOWS, 140), opera(WINDOWS, 124)],
  [
    'Chrome to a Vivaldi that says so',
    chrome(WINDOWS, 140),
    chromium(WINDOWS, 140, '', ' Vivaldi/7.1.3570.39'),
  ],
  ['Chrome to Yandex Browser', chrome(WINDOWS, 140), chromium(WINDOWS, 140, 'YaBrowser/25.4.0.0 ')],
  ['Chrome to Samsung Internet', chrome(ANDROID, 140), samsung(29, 136)],
  ['Chrome to Safari on a Mac', chrome(MAC, 140), safari('26.0')],
  [
    'Chrome to Safari on an iPhone',
    onIos(iphone('18_6'), 'CriOS/139.0.7258.76'),
    mobileSafari(iphone('18_6'), '18.6'),
  ],
  [
    'Firefox to Safari on an iPhone',
    onIos(iphone('18_6'), 'FxiOS/140.0'),
    mobileSafari(iphone('18_6'), '18.6'),
  ],
  [
    'Edge to Safari on an iPhone',
    onIos(iphone('18_6'), 'Version/18.0 EdgiOS/139.0.3405.86'),
    mobileSafari(iphone('18_6'), '18.6'),
  ],
  ['Google Search to Safari', onIos(iphone('18_2'), 'GSA/345.0.701'), mobileSafari(iphone('18_2'), '18.2')],
  ['Safari to Epiphany', safari('18.0'), `${webkitGtk('18.0')} Epiphany/46.0`],
  ['a Mac to WebKitGTK', safari('18.0'), webkitGtk('18.0')],
  ['Windows to a Mac', chrome(WINDOWS, 140), chrome(MAC, 140)],
  ['Windows to Linux', chrome(WINDOWS, 140), chrome(LINUX, 140)],
  ['Windows to Linux in Firefox', firefox(WINDOWS, 140), firefox(LINUX, 140)],
  ['a Mac to a Chromebook', chrome(MAC, 140), chrome(CHROMEBOOK, 140)],
  ['Linux to a Chromebook', chrome(LINUX, 140), chrome(CHROMEBOOK, 140)],
  ['a computer to a phone', chrome(WINDOWS, 140), chrome(ANDROID, 140)],
  ['a Mac to an iPhone', safari('18.6'), mobileSafari(iphone('18_6'), '18.6')],
  ['an Android phone to an iPhone', chrome(ANDROID, 140), onIos(iphone('18_6'), 'CriOS/139.0.7258.76')],
  ['a phone to a tablet', chrome(ANDROID, 140), chromium(ANDROID, 140)],
  ['a phone to a tablet in Firefox', firefoxOnAndroid(14, 140), firefoxOnAndroid(14, 140, 'Tablet')],
  ['an iPhone to an iPad', mobileSafari(iphone('18_6'), '18.6'), mobileSafari(ipad('18_6'), '18.6')],
  ['"desktop site" in Chrome on Android', chrome(ANDROID, 140), chrome(LINUX, 140)],
  ['"desktop site" in Firefox on Android', firefoxOnAndroid(14, 140), firefox(LINUX, 140)],
  ['"desktop site" on an iPhone', mobileSafari(iphone('18_6'), '18.6'), safari('18.6')],
  ['"mobile site" on an iPad', safari('18.6'), mobileSafari(ipad('18_6'), '18.6')],
  ['the emulation of a phone in developer tools', chrome(WINDOWS, 140), mobileSafari(iphone('18_5'), '18.5')],
  ['a browser to a script', chrome(WINDOWS, 140), 'curl/8.16.0'],
  ['a browser to a program in Python', chrome(WINDOWS, 140), 'python-requests/2.32.3'],
  ['a browser to nothing', chrome(WINDOWS, 140), ''],
  ['nothing to a browser', '', chrome(WINDOWS, 140)],
  [
    'a browser to a bot',
    chrome(ANDROID, 140),
    'Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.7339.80 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  ],
  [
    'one bot to another',
    'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
    'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
  ],
  ['one script to another', 'curl/8.16.0', 'Wget/1.24.5'],
  [
    'one app to another',
    'Shop/41 CFNetwork/1568.300.101 Darwin/24.2.0',
    'Bank/41 CFNetwork/1568.300.101 Darwin/24.2.0',
  ],
  ['an app to its page view', 'okhttp/4.12.0', androidView(14, 131)],
  ['an app of Electron to Chrome', electron('Notes/1.0.0', 130, '33.2.0'), chrome(MAC, 130)],
  ['a native app to another library', 'okhttp/4.12.0', dalvik(14)],
)

/** What a User-Agent does not tell apart, though it is not the same. */
const indistinguishable = all(
  'same',
  ['Brave to Chrome', chrome(WINDOWS, 140), chrome(WINDOWS, 140)],
  ['an iPad that asks for desktop sites to a Mac', safari('18.6'), safari('18.6')],
  [
    'Facebook to another view on Android',
    androidView(14, 131, ' [FB_IAB/FB4A;FBAV/494.0.0.47.68;]'),
    androidView(14, 131),
  ],
  [
    'Instagram to Facebook on an iPhone',
    iosView(iphone('18_2'), instagram('361.0.0.35.82')),
    iosView(iphone('18_2'), facebook('494.0.0.38.102')),
  ],
  ['a view on Android to Chrome', androidView(14, 140), chrome(ANDROID, 140)],
  [
    'Chrome to the Chrome of a test',
    chrome(WINDOWS, 140),
    chrome(WINDOWS, 140).replace('Chrome/', 'HeadlessChrome/'),
  ],
)

export const pairs: readonly Pair[] = [...newer, ...same, ...older, ...another, ...indistinguishable]

/** Every version of the last two years after the one before it, and some that are still to come. */
export const updates: readonly Pair[] = [
  ...[WINDOWS, MAC, LINUX, ANDROID, CHROMEBOOK].flatMap((system) =>
    stepwise(`Chrome on ${system}`, 131, 160, (major) => chrome(system, major)),
  ),
  ...stepwise('Edge', 131, 160, (major) => edge(WINDOWS, major)),
  ...stepwise('Edge on Android', 131, 160, edgeOnAndroid),
  ...[WINDOWS, 'Macintosh; Intel Mac OS X 10.15', LINUX].flatMap((system) =>
    stepwise(`Firefox on ${system}`, 128, 160, (major) => firefox(system, major)),
  ),
  ...stepwise('Firefox on Android', 132, 160, (major) => firefoxOnAndroid(15, major)),
  ...stepwise('Opera', 115, 130, (major) => opera(WINDOWS, major)),
  ...stepwise('Samsung Internet', 26, 32, (major) => samsung(major, major + 100)),
]

function stepwise(what: string, from: number, to: number, agentOf: (major: number) => string): Pair[] {
  return Array.from({ length: to - from }, (_, index) => ({
    what: `${what} from ${from + index}`,
    before: agentOf(from + index),
    after: agentOf(from + index + 1),
    verdict: 'newer' as const,
  }))
}
