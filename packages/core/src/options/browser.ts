import * as v from 'valibot'
import type { OriginSettings } from '../gate/csrf.ts'
import { group, oneOf, parse, string } from './schema.ts'

export interface CookieOptions {
  /** The name of the refresh cookie. It must begin with `__Host-`. Default `__Host-refresh`. */
  readonly name?: string | undefined
}

export interface OriginOptions {
  /** Other web origins whose pages may call the cookie routes, such as `https://app.example.com`. Default: none. */
  readonly allowed?: readonly string[] | undefined
  /**
   * What a cookie route does with a request that has neither `Origin` nor `Sec-Fetch-Site`. Every current browser sends
   * at least one of them; clients that are not browsers usually send neither. Default `accept`.
   */
  readonly missing?: 'accept' | 'refuse' | undefined
}

/** Where you mount the routers. The server's metadata (RFC 8414) publishes it. */
export interface PathOptions {
  /** The path before `/token`. Default `/auth`. */
  readonly auth?: string | undefined
}

export interface BrowserSettings {
  readonly cookieName: string
  readonly origins: OriginSettings
  readonly authPath: string
}

const isOrigin = (value: string): boolean =>
  /^https?:/.test(value) && URL.canParse(value) && new URL(value).origin === value
const origin = v.pipe(
  v.string('a web origin'),
  v.check(isOrigin, 'a web origin such as "https://app.example.com"'),
)

const schema = v.object({
  cookie: v.optional(
    group({
      name: v.optional(
        string(/^__Host-[\w.-]{1,64}$/, 'a cookie name that begins with "__Host-"'),
        '__Host-refresh',
      ),
    }),
    {},
  ),
  origins: v.optional(
    group({
      allowed: v.optional(v.array(origin, 'an array of web origins'), []),
      missing: v.optional(oneOf('accept', 'refuse'), 'accept'),
    }),
    {},
  ),
  paths: v.optional(
    group({ auth: v.optional(string(/^(\/[\w.~-]+)*$/, 'a path such as "/auth"'), '/auth') }),
    {},
  ),
})

export function parseBrowser(given: object): BrowserSettings {
  const { cookie, origins, paths } = parse(schema, given)
  return {
    cookieName: cookie.name,
    origins: { allowed: new Set(origins.allowed), missing: origins.missing },
    authPath: paths.auth,
  }
}
