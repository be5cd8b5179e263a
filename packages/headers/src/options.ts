import { ConfigError, schema } from '@sallyport/core/sink'
import { type AllowList, type PowerfulFeature, parsePermissions } from './permissions.ts'
import type { CspReport } from './reports/read.ts'

/** From where a page may load something, such as `'self'` (in single quotes), `https://cdn.example.com` or `data:`. */
export type Sources = readonly string[]

/** What `securityHeaders` takes. */
export interface SecurityHeadersOptions {
  /** The content security policy. `false`: none. */
  readonly csp?: CspOptions | false | undefined
  /** `Strict-Transport-Security`, on answers over TLS. `false`: never. */
  readonly hsts?: HstsOptions | false | undefined
  /** Features of the browser to open, such as `{ camera: ['self'] }`. All powerful features are off by default. */
  readonly permissions?: Partial<Record<PowerfulFeature, AllowList | undefined>> | undefined
  /** `Cross-Origin-Opener-Policy`. Default `same-origin`. */
  readonly openerPolicy?: OpenerPolicy | undefined
  /** `Cross-Origin-Resource-Policy`. Default `same-origin`. */
  readonly resourcePolicy?: ResourcePolicy | undefined
  /** `Cross-Origin-Embedder-Policy`. Default: none. */
  readonly embedderPolicy?: EmbedderPolicy | undefined
  /** `Referrer-Policy`. Default `strict-origin-when-cross-origin`. With `no-referrer`, forms are sent with `Origin: null`. */
  readonly referrerPolicy?: ReferrerPolicy | undefined
  /**
   * The names of the cookies that stand for a session. Answers to requests with one of them must not be kept by caches.
   * Default `__Host-refresh` and `refresh`, which are those of Sallyport.
   */
  readonly sessionCookies?: readonly string[] | undefined
  /** The endpoint for reports. Default: none. */
  readonly reports?: ReportOptions | undefined
}

/** Each list replaces its default. An empty list means that nothing may be loaded. */
export interface CspOptions {
  /** What scripts may do besides those with the nonce: hashes such as `'sha256-…'`, `'wasm-unsafe-eval'`. Default: nothing. */
  readonly script?: Sources | undefined
  /** Style sheets, besides those with the nonce. Default `'self'`. With `'unsafe-inline'`, styles need no nonce. */
  readonly style?: Sources | undefined
  /** `fetch`, WebSockets and event streams. Default `'self'`. */
  readonly connect?: Sources | undefined
  /** Images. Default `'self'` and `data:`. */
  readonly image?: Sources | undefined
  /** Fonts. Default `'self'`. */
  readonly font?: Sources | undefined
  /** Audio and video. Default `'self'`. */
  readonly media?: Sources | undefined
  /** Workers. Default `'self'`. */
  readonly worker?: Sources | undefined
  /** What the page may frame. Default: nothing. */
  readonly frame?: Sources | undefined
  /** Who may frame the page. Default: nobody. */
  readonly frameAncestors?: Sources | undefined
  /** Where forms may be sent, redirects included. Default `'self'`. */
  readonly formAction?: Sources | undefined
  /** The names of the Trusted Types policies that the page may create. Default: none. `false`: Trusted Types are off. */
  readonly trustedTypes?: readonly string[] | false | undefined
  /** Whether violations are reported only, and not prevented. Default `false`. */
  readonly reportOnly?: boolean | undefined
}

export interface HstsOptions {
  /** Default 730, which is two years; 1 to 3650. */
  readonly days?: number | undefined
  /** Default `true`. */
  readonly includeSubDomains?: boolean | undefined
  /** Whether browsers may have the host built in: see hstspreload.org. Default `false`. */
  readonly preload?: boolean | undefined
}

export interface ReportOptions {
  /** Where browsers send reports, such as `/csp-reports`: the whole path, from the root of the host. */
  readonly path: string
  /** Is told each report. What it throws becomes a warning of the process. Anybody can send a report, and say anything in it. */
  readonly onReport: (report: CspReport) => unknown
  /** How many reports are told in a minute, by this process. More are dropped. Default 60; 1 to 10,000. */
  readonly perMinute?: number | undefined
}

const openerPolicies = [
  'same-origin',
  'same-origin-allow-popups',
  'noopener-allow-popups',
  'unsafe-none',
] as const
const resourcePolicies = ['same-origin', 'same-site', 'cross-origin'] as const
const embedderPolicies = ['require-corp', 'credentialless'] as const
const referrerPolicies = [
  'strict-origin-when-cross-origin',
  'strict-origin',
  'same-origin',
  'no-referrer',
] as const
export type OpenerPolicy = (typeof openerPolicies)[number]
export type ResourcePolicy = (typeof resourcePolicies)[number]
export type EmbedderPolicy = (typeof embedderPolicies)[number]
export type ReferrerPolicy = (typeof referrerPolicies)[number]

export interface CspSettings extends Readonly<Record<SourceListName, Sources>> {
  /** `undefined`: Trusted Types are off. */
  readonly trustedTypes: readonly string[] | undefined
  readonly reportOnly: boolean
}
export type SourceListName = Exclude<keyof CspOptions, 'trustedTypes' | 'reportOnly'>

export interface Settings {
  readonly csp: CspSettings | undefined
  readonly hsts:
    | { readonly seconds: number; readonly includeSubDomains: boolean; readonly preload: boolean }
    | undefined
  readonly permissionsPolicy: string
  readonly openerPolicy: OpenerPolicy
  readonly resourcePolicy: ResourcePolicy
  readonly embedderPolicy: EmbedderPolicy | undefined
  readonly referrerPolicy: ReferrerPolicy
  readonly sessionCookies: ReadonlySet<string>
  readonly reports: ReportSettings | undefined
}
export interface ReportSettings {
  readonly path: string
  readonly onReport: (report: CspReport) => unknown
  readonly perMinute: number
}

const {
  boolean,
  callable,
  custom,
  distinctArray,
  filledArray,
  group,
  oneOf,
  optional,
  parse,
  string,
  wholeNumber,
} = schema

const DAY_SECONDS = 86_400
const SOURCE = `'self' (in single quotes), a host such as https://cdn.example.com, or a scheme such as data:`
const HASH = /^'sha(256|384|512)-[A-Za-z0-9+/_-]+={0,2}'$/
/** Words that mean a host without their quotes, which is never what was meant. */
const BARE_WORD = /^(self|none|nonce-.*|sha\d+-.*|strict-dynamic|unsafe-.*|wasm-unsafe-eval|report-sample)$/i

const isPlace = (given: unknown): given is string =>
  typeof given === 'string' &&
  (given === "'self'" ||
    (/^[\x21-\x7e]{1,255}$/.test(given) && !/[;,'"]/.test(given) && !BARE_WORD.test(given)))
const list = (isSource: (given: unknown) => boolean, message: string) =>
  distinctArray(custom<string>(isSource, message), 'an array of sources')
const places = list(isPlace, SOURCE)
const styles = list(
  (given) => isPlace(given) || given === "'unsafe-inline'" || (typeof given === 'string' && HASH.test(given)),
  `${SOURCE}, a hash such as 'sha256-…', or 'unsafe-inline'`,
)
const scripts = list(
  (given) => given === "'wasm-unsafe-eval'" || (typeof given === 'string' && HASH.test(given)),
  `a hash such as 'sha256-…', or 'wasm-unsafe-eval': with 'strict-dynamic', browsers ignore hosts`,
)
const self = optional(places, ["'self'"])

const csp = group({
  script: optional(scripts, []),
  style: optional(styles, ["'self'"]),
  connect: self,
  image: optional(places, ["'self'", 'data:']),
  font: self,
  media: self,
  worker: self,
  frame: optional(places, []),
  frameAncestors: optional(places, []),
  formAction: self,
  trustedTypes: optional(
    custom<readonly string[] | false>(isFalseOr(Array.isArray), '`false`, or an array of names'),
    [],
  ),
  reportOnly: optional(boolean, false),
})
const policyNames = distinctArray(
  string(/^[A-Za-z0-9_#=@./%-]{1,100}$/, 'the name of a Trusted Types policy: letters, digits and -#=_/@.%'),
  'an array of names',
)
const hsts = group({
  days: optional(wholeNumber(1, 3650), 730),
  includeSubDomains: optional(boolean, true),
  preload: optional(boolean, false),
})
const reports = group({
  path: string(/^\/[A-Za-z0-9._~-]+(\/[A-Za-z0-9._~-]+)*$/, 'a path such as "/csp-reports"'),
  onReport: callable<ReportOptions['onReport']>('a function'),
  perMinute: optional(wholeNumber(1, 10_000), 60),
})
const everything = group({
  csp: optional(custom<CspOptions | false>(isFalseOr(isObject), '`false`, or an object'), {}),
  hsts: optional(custom<HstsOptions | false>(isFalseOr(isObject), '`false`, or an object'), {}),
  permissions: optional(custom<object>(isObject, 'an object such as { camera: ["self"] }'), {}),
  openerPolicy: optional(oneOf(...openerPolicies), 'same-origin'),
  resourcePolicy: optional(oneOf(...resourcePolicies), 'same-origin'),
  embedderPolicy: optional(oneOf(...embedderPolicies)),
  referrerPolicy: optional(oneOf(...referrerPolicies), 'strict-origin-when-cross-origin'),
  sessionCookies: optional(
    filledArray(
      string(/^[\w!#$%&'*+.^`|~-]{1,128}$/, 'the name of a cookie'),
      'an array of names of cookies',
    ),
    ['__Host-refresh', 'refresh'],
  ),
  reports: optional(reports),
})

function isObject(given: unknown): boolean {
  return typeof given === 'object' && given !== null && !Array.isArray(given)
}

function isFalseOr(isRight: (given: unknown) => boolean): (given: unknown) => boolean {
  return (given) => given === false || isRight(given)
}

/** Throws a `ConfigError` that names the wrong option. */
export function parseOptions(given: SecurityHeadersOptions): Settings {
  const parsed = parse(everything, given, { path: 'securityHeaders' })
  if (parsed.csp === false && parsed.reports !== undefined)
    throw new ConfigError('securityHeaders.reports', {
      sentence: '"securityHeaders.reports" is for the policy: leave out "securityHeaders.csp: false"',
    })
  return {
    csp: parsed.csp === false ? undefined : parseCsp(parsed.csp),
    hsts: parsed.hsts === false ? undefined : parseHsts(parsed.hsts),
    permissionsPolicy: parsePermissions(parsed.permissions, 'securityHeaders.permissions'),
    openerPolicy: parsed.openerPolicy,
    resourcePolicy: parsed.resourcePolicy,
    embedderPolicy: parsed.embedderPolicy,
    referrerPolicy: parsed.referrerPolicy,
    sessionCookies: new Set(parsed.sessionCookies),
    reports: parsed.reports,
  }
}

function parseCsp(given: CspOptions): CspSettings {
  const { trustedTypes, ...lists } = parse(csp, given, { path: 'securityHeaders.csp' })
  const path = 'securityHeaders.csp.trustedTypes'
  return {
    ...lists,
    trustedTypes: trustedTypes === false ? undefined : parse(policyNames, trustedTypes, { path }),
  }
}

function parseHsts(given: HstsOptions): Settings['hsts'] {
  const { days, ...rest } = parse(hsts, given, { path: 'securityHeaders.hsts' })
  return { ...rest, seconds: days * DAY_SECONDS }
}
