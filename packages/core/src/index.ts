export type { SignatureLimit } from './access/signature-limit.ts'
export type { Verify, VerifyOptions } from './access/verify.ts'
export type { BindingSettings, ComponentPolicy, DeviceComponent } from './binding/device.ts'
export { ClaimsError, ConfigError, SallyportError, shown, UnavailableError } from './errors.ts'
export { jsonAnswer, refusal } from './gate/answer.ts'
export { type BodyReading, readForm, readJsonObject } from './gate/body.ts'
export type { SignIn } from './gate/endpoints/sign-in.ts'
export type { Gate, Routers } from './gate/gate.ts'
export { type Caller, callerOf } from './gate/parts.ts'
export type { Handle, HandleWithAuth, Methods, RouteMaker } from './gate/routes.ts'
export { type Guard, type GuardVerdict, scopeGuard } from './guards/scope.ts'
export { readKeyFile } from './keys/given/key-file.ts'
export { isKid, readJwk } from './keys/jwk.ts'
export type { KeyInfo } from './keys/ring.ts'
export { memoryStore } from './memory/store.ts'
export type { IssuerOptions } from './options/issuers.ts'
export type {
  AccessOptions,
  CacheOptions,
  ClaimsOptions,
  ClientOptions,
  CookieOptions,
  LimitOptions,
  OriginOptions,
  PathOptions,
  RefreshOptions,
  RevocationOptions,
  SallyportOptions,
} from './options.ts'
export type { Clock, Random } from './ports/clock.ts'
export { isSessionId, ownPart, SESSION_ID_BYTES, sessionIdFrom, tagOf, tagOfSession } from './ports/ids.ts'
export type * from './ports/keys.ts'
export * from './ports/model.ts'
export {
  decodeRevocation,
  encodeRevocation,
  MAX_ACCESS_SECONDS,
  REVOCATION_RETENTION_MS,
} from './ports/revocation.ts'
export type { Signer, SigningAlgorithm, SigningKey, VerificationKey } from './ports/signer.ts'
export type * from './ports/store.ts'
export { type Problem, type ProblemCode, problems } from './problems.ts'
export { createSallyport, type Sallyport } from './sallyport.ts'
export type { Answer, Auth, BodySource, Decision, HeaderFields, RequestView, Route } from './seam/http.ts'
export type { AccessClaims, Claims, Register } from './tokens/claims.ts'
export type { ClaimsOf, TokenOwner } from './tokens/custom-claims.ts'
export { type ClaimOpening, type OpenedClaim, openClaim } from './tokens/open-claim.ts'
export type { ClaimRecipient } from './tokens/sealed-claim.ts'
export type { Emit, EventMap, EventName, SallyportEvent } from './watch/events.ts'
