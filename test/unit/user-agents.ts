/** A device as its User-Agent tells it, and the same device after updates of browser and system. */
export interface KnownDevice {
  readonly name: string
  readonly now: string
  readonly later: string
  readonly label: string
  readonly version: number
}

const chromium = (system: string, major: number, more = ''): string =>
  `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.0.0 ${more}Safari/537.36`
const firefox = (system: string, major: number): string =>
  `Mozilla/5.0 (${system}; rv:${major}.0) Gecko/20100101 Firefox/${major}.0`
const safari = (system: string, version: string, mobile = ''): string =>
  `Mozilla/5.0 (${system}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${version} ${mobile}Safari/604.1`
const onIos = (system: string, browser: string): string =>
  `Mozilla/5.0 (${system}) AppleWebKit/605.1.15 (KHTML, like Gecko) ${browser} Mobile/15E148 Safari/604.1`

const WINDOWS = 'Windows NT 10.0; Win64; x64'
const MAC = 'Macintosh; Intel Mac OS X 10_15_7'
const LINUX = 'X11; Linux x86_64'
const android = (version: number, model = 'K'): string => `Linux; Android ${version}; ${model}`
const iphone = (version: string): string => `iPhone; CPU iPhone OS ${version} like Mac OS X`
const ipad = (version: string): string => `iPad; CPU OS ${version} like Mac OS X`

/** Devices of all kinds, no two of them the same. */
export const DEVICES: readonly KnownDevice[] = [
  {
    name: 'Chrome on Windows',
    now: chromium(WINDOWS, 120),
    later: chromium(WINDOWS, 131),
    label: 'Chrome on Windows',
    version: 120,
  },
  {
    name: 'Chrome on a Mac',
    now: chromium(MAC, 120),
    later: chromium('Macintosh; Intel Mac OS X 14_1', 121),
    label: 'Chrome on macOS',
    version: 120,
  },
  {
    name: 'Chrome on Linux',
    now: chromium(LINUX, 99),
    later: chromium(LINUX, 100),
    label: 'Chrome on Linux',
    version: 99,
  },
  {
    name: 'Chrome on an Android phone',
    now: chromium(android(10), 120, 'Mobile '),
    later: chromium(android(14), 131, 'Mobile '),
    label: 'Chrome on Android',
    version: 120,
  },
  {
    name: 'Chrome on an iPhone',
    now: onIos(iphone('17_1'), 'CriOS/119.0.6045.109'),
    later: onIos(iphone('18_0'), 'CriOS/131.0.6778.73'),
    label: 'Chrome on iOS',
    version: 119,
  },
  {
    name: 'Chrome on a Chromebook',
    now: chromium('X11; CrOS x86_64 14541.0.0', 120),
    later: chromium('X11; CrOS x86_64 15633.0.0', 121),
    label: 'Chrome on Chrome OS',
    version: 120,
  },
  {
    name: 'Edge on Windows',
    now: `${chromium(WINDOWS, 120)} Edg/120.0.2210.61`,
    later: `${chromium(WINDOWS, 131)} Edg/131.0.2903.51`,
    label: 'Microsoft Edge on Windows',
    version: 120,
  },
  {
    name: 'Edge on an Android phone',
    now: `${chromium(android(10), 120, 'Mobile ')} EdgA/120.0.2210.61`,
    later: `${chromium(android(10), 121, 'Mobile ')} EdgA/121.0.2277.71`,
    label: 'Microsoft Edge on Android',
    version: 120,
  },
  {
    name: 'Edge on an iPhone',
    now: `Mozilla/5.0 (${iphone('17_1')}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 EdgiOS/119.0.2151.65 Mobile/15E148 Safari/605.1.15`,
    later: `Mozilla/5.0 (${iphone('17_2')}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 EdgiOS/120.0.2210.116 Mobile/15E148 Safari/605.1.15`,
    label: 'Microsoft Edge on iOS',
    version: 119,
  },
  {
    name: 'Firefox on Windows',
    now: firefox(WINDOWS, 115),
    later: firefox(WINDOWS, 133),
    label: 'Firefox on Windows',
    version: 115,
  },
  {
    name: 'Firefox on a Mac',
    now: firefox('Macintosh; Intel Mac OS X 10.15', 133),
    later: firefox('Macintosh; Intel Mac OS X 14.4', 134),
    label: 'Firefox on macOS',
    version: 133,
  },
  {
    name: 'Firefox on Linux',
    now: firefox(LINUX, 133),
    later: firefox(LINUX, 134),
    label: 'Firefox on Linux',
    version: 133,
  },
  {
    name: 'Firefox on an Android phone',
    now: 'Mozilla/5.0 (Android 13; Mobile; rv:120.0) Gecko/120.0 Firefox/120.0',
    later: 'Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0',
    label: 'Firefox on Android',
    version: 120,
  },
  {
    name: 'Firefox on an iPhone',
    now: onIos(iphone('17_1'), 'FxiOS/120.0'),
    later: onIos(iphone('17_2'), 'FxiOS/121.0'),
    label: 'Firefox on iOS',
    version: 120,
  },
  {
    name: 'Safari on a Mac',
    now: safari(MAC, '17.1'),
    later: safari(MAC, '18.1'),
    label: 'Safari on macOS',
    version: 17,
  },
  {
    name: 'Safari on an iPhone',
    now: safari(iphone('17_1_1'), '17.1.1', 'Mobile/15E148 '),
    later: safari(iphone('18_1'), '18.1', 'Mobile/15E148 '),
    label: 'Safari on iOS',
    version: 17,
  },
  {
    name: 'Safari on an iPad',
    now: safari(ipad('16_6'), '16.6', 'Mobile/15E148 '),
    later: safari(ipad('17_0'), '17.0', 'Mobile/15E148 '),
    label: 'Safari on iOS',
    version: 16,
  },
  {
    name: 'Samsung Internet on a phone',
    now: chromium(android(13, 'SAMSUNG SM-S918B'), 115, 'SamsungBrowser/23.0 Mobile ').replace(
      'Chrome/115.0.0.0 SamsungBrowser/23.0',
      'SamsungBrowser/23.0 Chrome/115.0.0.0',
    ),
    later: chromium(android(14, 'SAMSUNG SM-S918B'), 121, 'SamsungBrowser/25.0 Mobile ').replace(
      'Chrome/121.0.0.0 SamsungBrowser/25.0',
      'SamsungBrowser/25.0 Chrome/121.0.0.0',
    ),
    label: 'Samsung Internet for Android on Android',
    version: 23,
  },
  {
    name: 'Opera on Windows',
    now: `${chromium(WINDOWS, 119)} OPR/105.0.0.0`,
    later: `${chromium(WINDOWS, 130)} OPR/115.0.0.0`,
    label: 'Opera on Windows',
    version: 105,
  },
  { name: 'curl', now: 'curl/8.5.0', later: 'curl/8.11.1', label: 'curl', version: 0 },
  { name: 'the fetch of Node', now: 'node', later: 'node', label: 'node', version: 0 },
  {
    name: 'a program in Go',
    now: 'Go-http-client/1.1',
    later: 'Go-http-client/2.0',
    label: 'Go-http-client',
    version: 0,
  },
  {
    name: 'a program in Python',
    now: 'python-requests/2.31.0',
    later: 'python-requests/2.32.3',
    label: 'python-requests',
    version: 0,
  },
  { name: 'an app on Android', now: 'okhttp/4.12.0', later: 'okhttp/5.0.0', label: 'okhttp', version: 0 },
]
