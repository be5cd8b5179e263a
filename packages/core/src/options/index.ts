import { ConfigError, describeValue, unknownOption } from '../errors.ts'
import { type AccessSettings, accessRoom, type WithAccess } from './access.ts'
import { type AnomaliesRoomSettings, anomaliesRoom, type WithAnomalies } from './anomalies/index.ts'
import { bindingRoom, type WithBinding } from './binding.ts'
import { type BrowserSettings, browserRoom, type WithBrowser } from './browser.ts'
import { type ClaimsSettings, claimsRoom, type WithClaims } from './claims.ts'
import { demandForProduction, type GeneralOptions, type GeneralSettings, generalRoom } from './general.ts'
import { type IssuersSettings, issuersRoom, type WithIssuers } from './issuers/index.ts'
import { type LockoutRoomSettings, lockoutRoom, type WithLockout } from './lockout.ts'
import { type LogoutSettings, logoutRoom, type WithLogout } from './logout/index.ts'
import { type OAuthRoomSettings, oauthRoom, type WithOAuth } from './oauth/index.ts'
import { type PoliciesSettings, policiesRoom, type WithPolicies } from './policies/index.ts'
import {
  boundKeysRoom,
  type DeviceBoundSessionsRoomSettings,
  type WithDeviceBoundSessions,
} from './possession/bound-keys.ts'
import { type DpopRoomSettings, dpopRoom, type WithDpop } from './possession/dpop.ts'
import { type MtlsRoomSettings, mtlsRoom, type WithMtls } from './possession/mtls.ts'
import { type RevocationSettings, revocationRoom, type WithRevocation } from './revocation.ts'
import { type SessionsSettings, sessionsRoom, type WithSessions } from './sessions.ts'
import { type WatchSettings, type WithWatch, watchRoom } from './watch.ts'

export type { AccessOptions, ApiKeyOptions, CacheOptions, WithAccess } from './access.ts'
export type { AnomaliesOptions, WebhookOptions, WithAnomalies } from './anomalies/index.ts'
export type {
  AnomalyRulesOptions,
  CountRuleOptions,
  DaysRuleOptions,
  SessionCountRuleOptions,
  TravelRuleOptions,
} from './anomalies/rules.ts'
export type { BindingOptions, BindingPreset, ChangesOptions, WithBinding } from './binding.ts'
export type {
  CookieOptions,
  LogoutOptions,
  OriginOptions,
  PathOptions,
  SiteData,
  WithBrowser,
} from './browser.ts'
export type { ClaimsOptions, WithClaims } from './claims.ts'
export type { GeneralOptions } from './general.ts'
export type { IntrospectionOptions, IssuerOptions, WithIssuers } from './issuers/index.ts'
export type { LockoutOptions, WithLockout } from './lockout.ts'
export type {
  BackchannelLogoutOptions,
  LogoutClientOptions,
  LogoutIssuerOptions,
  OutboxOptions,
  WithLogout,
} from './logout/index.ts'
export type { IntrospectOptions, OAuthClientOptions, OAuthOptions, WithOAuth } from './oauth/index.ts'
export type { PoliciesOptions, WithPolicies } from './policies/index.ts'
export type { DeviceBoundSessionsOptions, WithDeviceBoundSessions } from './possession/bound-keys.ts'
export type { DpopMode, DpopOptions, WithDpop } from './possession/dpop.ts'
export type { MtlsMode, MtlsOptions, WithMtls } from './possession/mtls.ts'
export type { AllowListOptions, RevocationOptions, WithRevocation } from './revocation.ts'
export type { ClientOptions, LimitOptions, RefreshOptions, WithSessions } from './sessions.ts'
export type { ActivityOptions, AuditOptions, WithWatch } from './watch.ts'

/** The options of `createSallyport`. All of them are checked at start, and an error names the wrong one by its path. */
export interface SallyportOptions
  extends GeneralOptions,
    WithAccess,
    WithDpop,
    WithMtls,
    WithDeviceBoundSessions,
    WithSessions,
    WithOAuth,
    WithRevocation,
    WithBinding,
    WithLockout,
    WithLogout,
    WithWatch,
    WithAnomalies,
    WithClaims,
    WithIssuers,
    WithPolicies,
    WithBrowser {}

/** The parsed options: complete, checked and frozen. */
interface Settings
  extends GeneralSettings,
    AccessSettings,
    DpopRoomSettings,
    MtlsRoomSettings,
    DeviceBoundSessionsRoomSettings,
    SessionsSettings,
    OAuthRoomSettings,
    RevocationSettings,
    ReturnType<typeof bindingRoom.read>,
    LockoutRoomSettings,
    LogoutSettings,
    WatchSettings,
    AnomaliesRoomSettings,
    ClaimsSettings,
    IssuersSettings,
    PoliciesSettings,
    BrowserSettings {}

const rooms = [
  generalRoom,
  accessRoom,
  dpopRoom,
  mtlsRoom,
  boundKeysRoom,
  sessionsRoom,
  oauthRoom,
  revocationRoom,
  bindingRoom,
  lockoutRoom,
  logoutRoom,
  watchRoom,
  anomaliesRoom,
  claimsRoom,
  issuersRoom,
  policiesRoom,
  browserRoom,
]

/**
 * Parses the options. Throws a `ConfigError` that names the first wrong one.
 *
 * @param production the default of the option `production`
 */
export function parseOptions(given: SallyportOptions, production: boolean): Settings {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new ConfigError('options', 'an object', describeValue(given))
  const names = rooms.flatMap((room) => room.names)
  const unknown = Object.keys(given).find((name) => !names.includes(name))
  if (unknown !== undefined) throw unknownOption(unknown, names)
  const general = generalRoom.read(given, production)
  const settings = {
    ...general,
    ...accessRoom.read(given, general.production),
    ...dpopRoom.read(given, general.production),
    ...mtlsRoom.read(given, general.production),
    ...boundKeysRoom.read(given, general.production),
    ...sessionsRoom.read(given, general.production),
    ...oauthRoom.read(given, general.production),
    ...revocationRoom.read(given, general.production),
    ...bindingRoom.read(given, general.production),
    ...lockoutRoom.read(given, general.production),
    ...logoutRoom.read(given, general.production),
    ...watchRoom.read(given, general.production),
    ...anomaliesRoom.read(given, general.production),
    ...claimsRoom.read(given, general.production),
    ...issuersRoom.read(given, general.production),
    ...policiesRoom.read(given, general.production),
    ...browserRoom.read(given, general.production),
  }
  // Last, so that a missing option does not hide a wrong one.
  if (general.production) demandForProduction(given)
  return Object.freeze(settings)
}
