// The entry point for authors of stores.

export { adopt } from './binding/adopt.ts'
export { createOutage, type Outage, type OutageParts } from './dependencies/outage.ts'
export { patiently } from './dependencies/patience.ts'
export { ConfigError, describeValue, unknownOption } from './errors.ts'
export * as schema from './options/values/schema.ts'
export type { Clock, Random } from './ports/clock.ts'
export { decodeRevocation, encodeRevocation } from './ports/encoded-revocation.ts'
export {
  type ApiKeyId,
  apiKeyIdFrom,
  apiKeyOfSession,
  isApiKeyId,
  isSessionId,
  randomPart,
  SESSION_ID_BYTES,
  type SessionId,
  type SubjectTag,
  sessionIdFrom,
  sessionOfApiKey,
  tagOf,
  tagOfSession,
} from './ports/ids.ts'
export type {
  CompromisedKey,
  KeyRecord,
  KeyStore,
  KeySwapOutcome,
  RingEntry,
  SealedKey,
} from './ports/keys.ts'
export { endOf, hasExpired, type Lifetimes, type Living, lifetimesOf } from './ports/lifetimes.ts'
export type {
  ActivityBounds,
  ActivityEntry,
  ActivityKind,
  ActivityReading,
  ActivityStore,
} from './ports/optional/activity.ts'
export {
  type ApiKey,
  type ApiKeyCreation,
  type ApiKeyStore,
  type CreateApiKeyOutcome,
  MAX_API_KEY_MS,
  MOST_API_KEYS,
  type UsedApiKey,
} from './ports/optional/api-keys.ts'
export type {
  Attempt,
  AttemptLimit,
  AttemptOutcome,
  CounterName,
  CounterStore,
  Forgotten,
  TakenBack,
} from './ports/optional/counters.ts'
export type {
  Document,
  DocumentChanged,
  DocumentStore,
  DocumentSwap,
  MemberChange,
} from './ports/optional/documents.ts'
export type { OnceLook, OnceMark, OnceName, OnceOutcome, OnceStore } from './ports/optional/once.ts'
export {
  type DeadLetter,
  MOST_BODY_BYTES,
  type OutboxDraft,
  type OutboxHeads,
  type OutboxMessage,
  type OutboxQuery,
  type OutboxReading,
  type OutboxStore,
  SESSION_ENDED,
  type Settled,
  type Settlement,
} from './ports/optional/outbox.ts'
export {
  MOST_SIGHTINGS,
  type NoteOutcome,
  type Seen,
  type SeenValue,
  type Sighting,
  type SightingStore,
  type SightingsName,
  type SightingsReading,
} from './ports/optional/sightings.ts'
export type {
  FreshSubjectKey,
  SubjectKeyOutcome,
  SubjectKeyQuery,
  SubjectKeyStore,
} from './ports/optional/subject-keys.ts'
export type { Unavailable } from './ports/outcome.ts'
export {
  type AllRevocation,
  concernsToken,
  earliestBurntFirst,
  type FeedMark,
  type FeedNews,
  type GenerationRevocation,
  type KnownMarks,
  MAX_ACCESS_SECONDS,
  type MarksOutcome,
  notBeforeOf,
  type PlacedMark,
  type PullOutcome,
  REVOCATION_RETENTION_MS,
  type Revocation,
  type RevocationStore,
  type SubjectRevocation,
  TOKENS_AHEAD_SECONDS,
  type TokenIdentity,
} from './ports/revocations.ts'
export {
  BOUND_KEY_GRACE_MS,
  type BoundKey,
  type BoundTo,
  CELL_BYTES,
  type DeviceBinding,
  type DriftRule,
  type Elevation,
  type Grant,
  RETRY_KEY_BYTES,
  type RetryKey,
  type Session,
  type Transport,
  VERSION_FELL,
} from './ports/session.ts'
export type { Confirmation, EndOutcome, SessionReading, SessionStore } from './ports/sessions.ts'
export { SHARDS, shardOf, shardOfName, shardOfTag } from './ports/shards.ts'
export type { BindingKey, BindKeyOutcome } from './ports/steps/binding-key.ts'
export type { ElevateOutcome, Elevating } from './ports/steps/elevating.ts'
export type { Opening, OpenOutcome } from './ports/steps/opening.ts'
export type { KeyProof, Rotation, RotationOutcome } from './ports/steps/rotating.ts'
export {
  type EraseOutcome,
  type ListOutcome,
  type ListQuery,
  MOST_LISTED,
  type Renewal,
  type RenewOutcome,
  type SubjectEnding,
  type SubjectEndOutcome,
} from './ports/steps/subject-sessions.ts'
export type { Store, StoreContext, StoreDriver } from './ports/store.ts'
export { sessionsToEnd } from './sessions/limit.ts'
export { sessionsToList } from './sessions/list.ts'
export {
  firstRecord,
  keptRecord,
  nextRecord,
  portSession,
  type SessionRecord,
} from './sessions/record.ts'
export {
  judgeRotation,
  type RefreshWindow,
  type RotationState,
  type RotationVerdict,
} from './sessions/rotate.ts'
export { createMessageHmac } from './tokens/hmac.ts'
