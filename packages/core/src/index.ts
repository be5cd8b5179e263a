// The entry point for applications. Others: ./adapter (adapters and routes), ./store (stores), ./signer (signers),
// ./sink (audit sinks and policy engines).
export type { NewApiKey } from './access/new-api-key.ts'
export type { SignatureLimit } from './access/signature-limit.ts'
export type {
  ApiKeyCalls,
  ApiKeyInfo,
  AuditCalls,
  Caused,
  CreatedApiKey,
  KeyCalls,
  LockAbout,
  LockoutCalls,
  OutboxCalls,
  Renewed,
  RevokedApiKeys,
  RevokedMany,
  RiskCalls,
  Sallyport,
  SessionCalls,
  SessionList,
  SessionUpdate,
  TokenCalls,
  TokenVerdict,
  TokenVerifyOptions,
  Unlocked,
} from './application/index.ts'
export type { FindSessions, FoundSessions, LogoutClaims } from './backchannel/index.ts'
export type { ComponentPolicy, DeviceComponent } from './binding/components.ts'
export { ClaimsError, ConfigError, RefusalError, SallyportError, UnavailableError } from './errors.ts'
export type { HandedOver } from './gate/browser/pages.ts'
export type { EndpointName } from './gate/endpoints/index.ts'
export type { Nobody } from './gate/lockout-calls.ts'
export type { VerifyOptions } from './gate/protect.ts'
export type { RefusalForm, RefusalToWrite } from './gate/refuse.ts'
export type { Revoked, RevokeOptions, Started, SteppedUp } from './gate/session-calls.ts'
export type { ClaimName, ClaimValue, RequireClaim } from './guards/claim.ts'
export type { Freshness } from './guards/fresh.ts'
export type { Guard, GuardVerdict } from './guards/guard.ts'
export type {
  PolicyDecision,
  PolicyEngine,
  PolicyEnvironment,
  PolicyPrincipal,
  PolicyRequest,
  PolicyResource,
} from './guards/policy/engine.ts'
export type { RequirePolicy } from './guards/policy/require.ts'
export type { ResourceOf } from './guards/policy/resource.ts'
export type { AuthWith, ClaimProof } from './guards/proof.ts'
export { readKeyFile } from './keys/given/key-file.ts'
export type { KeyInfo } from './keys/ring.ts'
export type { KeyState } from './keys/schedule.ts'
export { memoryStore } from './memory/store.ts'
export type * from './options/index.ts'
export type { Clock, Random } from './ports/clock.ts'
export type { DeadLetter } from './ports/optional/outbox.ts'
export type { Seen, SeenValue } from './ports/optional/sightings.ts'
export type { Revocation } from './ports/revocations.ts'
export type { Elevation, Session } from './ports/session.ts'
export type { Signer, SigningAlgorithm, VerificationKey } from './ports/signer.ts'
export type { StoreDriver } from './ports/store.ts'
export type { ChallengeParameters, ProblemCode } from './problems.ts'
export { createSallyport } from './sallyport.ts'
export type { AccessClaims, Auth, Claims, Credential, Register } from './seam/auth.ts'
export type { Address, Caller, Sender } from './seam/caller.ts'
export type { RequestView } from './seam/http.ts'
export type { SignIn } from './sessions/arguments/sign-in.ts'
export type { StepUp } from './sessions/arguments/step-up.ts'
export type { ClaimsOf, TokenOwner } from './tokens/custom/custom-claims.ts'
export { type ClaimOpening, type OpenedClaim, openClaim } from './tokens/custom/open-claim.ts'
export type { ClaimRecipient } from './tokens/custom/sealed-claim.ts'
export type { Alert, OnAlert } from './watch/alerts/alert.ts'
export type { AuditSink } from './watch/audit/sink.ts'
export type { VerificationPolicy } from './watch/audit/verifications.ts'
export type { EventName, EventToTell, SallyportEvent } from './watch/event.ts'
export type { Emit, EventMap } from './watch/events.ts'
export type { AboutSignIn, SignInAttempt } from './watch/lockout/attempt.ts'
export { canonicalAccount } from './watch/lockout/canonical.ts'
export type { LockedAccount, OnLocked } from './watch/lockout/lockout.ts'
export type { Attributes, Meter } from './watch/metrics/meter.ts'
export type { Locate } from './watch/rules/locations.ts'
export type {
  AnomalyRule,
  Circumstances,
  Coordinates,
  Finding,
  Observation,
  ObservedEvent,
  RuleAlert,
  RuleResponses,
  Severity,
} from './watch/rules/rule.ts'
export type { Span, Tracer } from './watch/traces/tracer.ts'
