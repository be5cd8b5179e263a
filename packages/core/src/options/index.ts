import type { BindingSettings } from '../binding/device.ts'
import { ConfigError, describeValue, unknownOption } from '../errors.ts'
import type { RefusalForm } from '../gate/refuse.ts'
import type { TrustedIssuer } from '../issuers/trusted.ts'
import type { ReplicaSettings } from '../revocation/replica.ts'
import type { CustomClaimsSettings } from '../tokens/custom-claims.ts'
import { type AccessOptions, type AccessSettings, parseAccess } from './access.ts'
import { type BindingOptions, parseBinding } from './binding.ts'
import {
  type BrowserSettings,
  type CookieOptions,
  type OriginOptions,
  type PathOptions,
  parseBrowser,
} from './browser.ts'
import { type ClaimsOptions, parseClaims } from './claims.ts'
import { demandForProduction, type GeneralOptions, type GeneralSettings, parseGeneral } from './general.ts'
import { type IssuerOptions, parseIssuers } from './issuers.ts'
import { parseRevocation, type RevocationOptions } from './revocation.ts'
import {
  type ClientOptions,
  type LimitOptions,
  parseSessions,
  type RefreshOptions,
  type SessionsSettings,
} from './sessions.ts'

export type { CacheOptions } from './access.ts'
export type {
  AccessOptions,
  BindingOptions,
  ClaimsOptions,
  ClientOptions,
  CookieOptions,
  GeneralOptions,
  IssuerOptions,
  LimitOptions,
  OriginOptions,
  PathOptions,
  RefreshOptions,
  RevocationOptions,
}

/** The options of `createSallyport`. All of them are checked at start, and an error names the wrong one by its path. */
export interface SallyportOptions extends GeneralOptions {
  /**
   * The form of access tokens. Default `jwt`.
   *
   * - `jwt`: a signed JWT, which everybody can read
   * - `encrypted`: a signed JWT that only this deployment can read
   * - `reference`: an opaque token; a process that sees it for the first time reads the session's record in the store,
   *   so it is valid only while the record exists
   */
  readonly accessToken?: 'jwt' | 'encrypted' | 'reference' | undefined
  readonly access?: AccessOptions | undefined
  readonly refresh?: RefreshOptions | undefined
  readonly revocation?: RevocationOptions | undefined
  readonly binding?: BindingOptions | undefined
  readonly limits?: LimitOptions | undefined
  readonly claims?: ClaimsOptions | undefined
  /** Other issuers whose access tokens are accepted in addition to this deployment's own. Default: none. */
  readonly issuers?: readonly IssuerOptions[] | undefined
  readonly cookie?: CookieOptions | undefined
  readonly origins?: OriginOptions | undefined
  readonly clients?: ClientOptions | undefined
  readonly paths?: PathOptions | undefined
  /**
   * How requests to your protected routes are refused. `answer`: with the library's own JSON body. `throw`: by a
   * `RefusalError` that goes to the framework's error handling, with `status`, `code` and `headers`. A function: with
   * what it returns as the JSON body; status, challenge and `Retry-After` stay. The library's own routes, whose form is
   * the RFCs', are not concerned. Default `answer`.
   */
  readonly refusals?: RefusalForm | undefined
}

/** The parsed options: complete, checked and frozen. */
interface Settings extends GeneralSettings, AccessSettings, SessionsSettings, BrowserSettings {
  readonly revocation: Pick<ReplicaSettings, 'mode' | 'maxStalenessMs'>
  readonly binding: BindingSettings
  readonly customClaims: CustomClaimsSettings | undefined
  readonly issuers: readonly TrustedIssuer[]
}

/** The names of all options. As a record, it does not compile if one is missing. */
const optionNames: Readonly<Record<keyof SallyportOptions, true>> = {
  issuer: true,
  audience: true,
  secret: true,
  store: true,
  production: true,
  clock: true,
  random: true,
  accessToken: true,
  access: true,
  refresh: true,
  revocation: true,
  binding: true,
  limits: true,
  claims: true,
  issuers: true,
  cookie: true,
  origins: true,
  clients: true,
  paths: true,
  refusals: true,
}

/**
 * Parses the options. Throws a `ConfigError` that names the first wrong one.
 *
 * @param production the default of the option `production`
 */
export function parseOptions(given: SallyportOptions, production: boolean): Settings {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new ConfigError('options', 'an object', describeValue(given))
  const names = Object.keys(optionNames)
  const unknown = Object.keys(given).find((name) => !names.includes(name))
  if (unknown !== undefined) throw unknownOption(unknown, names)
  const general = parseGeneral(given, production)
  const access = parseAccess(given)
  const settings = {
    ...general,
    ...access,
    ...parseSessions(given, access.accessSeconds),
    ...parseBrowser(given, general.production),
    revocation: parseRevocation(given),
    binding: parseBinding(given),
    customClaims: parseClaims(given, general.production),
    issuers: parseIssuers(given),
  }
  // Last, so that a missing option does not hide a wrong one.
  if (general.production) demandForProduction(given)
  return Object.freeze(settings)
}
