import * as v from 'valibot'
import { ConfigError, describeValue } from '../errors.ts'
import type { CookieSettings } from '../gate/browser/cookies.ts'
import type { OriginSettings } from '../gate/browser/csrf.ts'
import type { RefusalForm } from '../gate/refuse.ts'
import { urlIn } from '../issuers/secure-url.ts'
import {
  boolean,
  callable,
  distinctArray,
  type Entries,
  group,
  oneOf,
  type Room,
  room,
  string,
} from './values/schema.ts'
import { clearSiteData, clearSiteDataOf, type SiteData } from './values/site-data.ts'

export type { SiteData }

/** What concerns browsers, and the form of answers. */
export interface WithBrowser {
  readonly cookie?: CookieOptions | undefined
  readonly origins?: OriginOptions | undefined
  readonly paths?: PathOptions | undefined
  readonly logout?: LogoutOptions | undefined
  /**
   * How requests to your protected routes are refused. `answer`: with the library's own JSON body. `throw`: by a
   * `RefusalError` that goes to the framework's error handling, with `status`, `code` and `headers`. A function: with
   * what it returns as the JSON body; status, challenge and `Retry-After` stay. The library's own routes, whose form is
   * the RFCs', are not concerned. Default `answer`.
   */
  readonly refusals?: RefusalForm | undefined
}

export interface CookieOptions {
  /** Must begin with `__Host-`, unless `secure` is `false`. Default `__Host-refresh`; `refresh` where it is not secure. */
  readonly name?: string | undefined
  /**
   * The name of the cookie by which a device is known that has signed in before (see `lockout`), with the same rule.
   * Default `__Host-device`; `device` where it is not secure.
   */
  readonly deviceName?: string | undefined
  /**
   * Whether access tokens of browsers are bound to a cookie that no page can read: its hash is in the token (`fgp`), and
   * the token is refused without it. So a token that a script has stolen is worth nothing elsewhere. Concerns the routes
   * of this deployment and of services with this option, at hosts to which the browser sends the cookie. Default `false`.
   */
  readonly bindsTokens?: boolean | undefined
  /** The name of that cookie, with the same rule. Default `__Host-fgp`; `fgp` where it is not secure. */
  readonly fingerprintName?: string | undefined
  /**
   * The name of the cookie by which a browser shows the key of its session (see `deviceBoundSessions`), with the same
   * rule. Default `__Host-bound`; `bound` where it is not secure.
   */
  readonly boundName?: string | undefined
  /**
   * Whether the cookies are sent over TLS only. `false` is for development and tests over http, where some
   * browsers and clients drop a secure cookie: Safari on http://localhost, any browser on an address of the local
   * network, `supertest.agent`. Refused in production. Default `true`.
   */
  readonly secure?: boolean | undefined
}

export interface OriginOptions {
  /**
   * Further origins that may call the cookie routes, such as `https://app.example.com`, or `capacitor://localhost` of
   * a shell. Each is compared as a whole; there are no patterns. Default: none.
   */
  readonly allowed?: readonly string[] | undefined
  /**
   * What a cookie route does with a request that has neither `Origin` nor `Sec-Fetch-Site`. Every current browser sends
   * at least one of them; clients that are not browsers usually send neither. Default `accept`.
   */
  readonly missing?: 'accept' | 'refuse' | undefined
}

/** Where you mount the routers. The server's metadata (RFC 8414) publishes it. */
export interface PathOptions {
  /** The path before `/token`, `/introspect` and `/revoke`, for the metadata. Default `/auth`. */
  readonly auth?: string | undefined
}

/** What a browser is told when its session ends. */
export interface LogoutOptions {
  /**
   * What the browser deletes of the origin that answers a log-out, apart from the cookies of the session: `cache`,
   * `storage` and so on (`Clear-Site-Data`). `true` stands for `cache` and `storage`. `cookies` and `*` delete the cookies of
   * the whole registrable domain, those of other applications too. Browsers heed it over https only. Default `false`.
   *
   * @see [Clear Site Data](https://www.w3.org/TR/clear-site-data/#header)
   */
  readonly clearSiteData?: boolean | readonly SiteData[] | undefined
}

export interface BrowserSettings {
  readonly cookie: CookieSettings
  readonly deviceCookie: CookieSettings
  /** `undefined` if tokens are bound to no cookie. */
  readonly fingerprintCookie: CookieSettings | undefined
  readonly boundCookie: CookieSettings
  readonly origins: OriginSettings
  readonly authPath: string
  /** The value of `Clear-Site-Data`; `undefined`: no such header is sent. */
  readonly clearSiteData: string | undefined
  readonly refusals: RefusalForm
}

/** Shells and extensions have schemes of their own, for which `URL` knows no origin. */
const SHELL_ORIGIN =
  /^(?!https?:|wss?:|ftp:|file:|data:|blob:|javascript:)[a-z][a-z0-9+.-]*:\/\/[a-z0-9.-]+(?::\d{1,5})?$/
/** A pattern would never match, since a browser sends a name. */
const isOrigin = (value: string): boolean =>
  SHELL_ORIGIN.test(value) ||
  (/^https?:/.test(value) && !value.includes('*') && urlIn(value)?.origin === value)
const origin = v.pipe(
  v.string('a web origin'),
  v.check(isOrigin, 'an origin such as "https://app.example.com", without path and pattern'),
)

const cookieName = string(/^[\w.-]{1,71}$/, 'a cookie name of 1 to 71 characters of A-Z a-z 0-9 _ . -')

const entries = {
  cookie: v.optional(
    group({
      name: v.optional(cookieName),
      deviceName: v.optional(cookieName),
      bindsTokens: v.optional(boolean, false),
      fingerprintName: v.optional(cookieName),
      boundName: v.optional(cookieName),
      secure: v.optional(boolean, true),
    }),
    {},
  ),
  origins: v.optional(
    group({
      allowed: v.optional(distinctArray(origin, 'an array of web origins'), []),
      missing: v.optional(oneOf('accept', 'refuse'), 'accept'),
    }),
    {},
  ),
  refusals: v.optional(
    v.union(
      [oneOf('answer', 'throw'), callable<Extract<RefusalForm, (...args: never[]) => unknown>>('a function')],
      '"answer", "throw" or a function',
    ),
    'answer',
  ),
  paths: v.optional(
    group({ auth: v.optional(string(/^(\/[\w.~-]+)*$/, 'a path such as "/auth"'), '/auth') }),
    {},
  ),
  logout: v.optional(group({ clearSiteData: v.optional(clearSiteData, false) }), {}),
} satisfies Entries<WithBrowser>

export const browserRoom: Room<BrowserSettings> = room(
  entries,
  ({ cookie, origins, paths, logout, refusals }, production) => ({
    ...cookiesOf(cookie, production),
    refusals,
    origins: { allowed: new Set(origins.allowed), missing: origins.missing },
    authPath: paths.auth,
    clearSiteData: clearSiteDataOf(logout.clearSiteData),
  }),
)

interface GivenCookies {
  readonly name?: string | undefined
  readonly deviceName?: string | undefined
  readonly bindsTokens: boolean
  readonly fingerprintName?: string | undefined
  readonly boundName?: string | undefined
  readonly secure: boolean
}

function cookiesOf(
  { name, deviceName, bindsTokens, fingerprintName, boundName, secure }: GivenCookies,
  production: boolean,
): Pick<BrowserSettings, 'cookie' | 'deviceCookie' | 'fingerprintCookie' | 'boundCookie'> {
  if (!secure && production)
    throw new ConfigError('cookie.secure', 'true in production', describeValue(secure))
  const cookie = { name: nameOf('name', name, 'refresh', secure), secure }
  const deviceCookie = { name: nameOf('deviceName', deviceName, 'device', secure), secure }
  const fingerprintCookie = { name: nameOf('fingerprintName', fingerprintName, 'fgp', secure), secure }
  const boundCookie = { name: nameOf('boundName', boundName, 'bound', secure), secure }
  if (cookie.name === deviceCookie.name)
    throw new ConfigError('cookie.deviceName', 'another name than "cookie.name"', describeValue(cookie.name))
  const taken = [cookie.name, deviceCookie.name]
  refuseTaken('fingerprintName', fingerprintCookie.name, taken)
  refuseTaken('boundName', boundCookie.name, [...taken, fingerprintCookie.name])
  return {
    ...{ cookie, deviceCookie, boundCookie },
    fingerprintCookie: bindsTokens ? fingerprintCookie : undefined,
  }
}

function refuseTaken(option: string, name: string, taken: readonly string[]): void {
  if (taken.includes(name))
    throw new ConfigError(
      `cookie.${option}`,
      'another name than those of the other cookies',
      describeValue(name),
    )
}

function nameOf(option: string, given: string | undefined, usual: string, secure: boolean): string {
  if (given === undefined) return secure ? `__Host-${usual}` : usual
  if (secure && !/^__Host-./.test(given))
    throw new ConfigError(
      `cookie.${option}`,
      'a cookie name that begins with "__Host-"',
      describeValue(given),
    )
  if (!secure && /^__(?:Host|Secure)-/i.test(given))
    throw new ConfigError(
      `cookie.${option}`,
      'without a prefix where "cookie.secure" is false',
      describeValue(given),
    )
  return given
}
