// The entry point for authors of adapters, and of routes that behave the same on every framework.

export {
  type Adapted,
  type AdaptedSessions,
  type AttachedCallers,
  adapt,
  type ExchangeShape,
  type GetAuth,
  type Host,
  type Question,
  type Requests,
  requestsOf,
  requireAuth,
  shapes,
  whenSettled,
} from './adapt/index.ts'
export { gateOf } from './application/index.ts'
export { emptyAnswer, jsonAnswer, publicAnswer, type RefusalDetails, refusal } from './gate/answers/answer.ts'
export type { EventStream, EventStreams } from './gate/answers/event-stream.ts'
export { type BodyReading, readForm, readJsonObject, readText } from './gate/body.ts'
export type { HandedOver } from './gate/browser/pages.ts'
export type {
  DescribedRoute,
  JsonSchema,
  Method,
  Operation,
  OperationAnswer,
  OperationContent,
  OperationCredential,
  OperationParameter,
  OperationRefusal,
  Operations,
  RouteCheck,
  RouteDescription,
} from './gate/described/operation.ts'
export type { Surface } from './gate/described/surface.ts'
export type { EndpointName } from './gate/endpoints/index.ts'
export type { AnswerSignIn } from './gate/endpoints/sign-in.ts'
export type { Gate } from './gate/gate.ts'
export type { GuardCheck } from './gate/guard.ts'
export type { CheckedSignIn, GateLockout, GuardedSignIn, Nobody } from './gate/lockout-calls.ts'
export { type FrameworkRequest, type NodeRequest, NodeView } from './gate/node-view.ts'
export type { Verify, VerifyOptions } from './gate/protect.ts'
export type { AuthHandler, Handler, Methods, RouteMaker } from './gate/routes.ts'
export type {
  GateSessions,
  Revoked,
  RevokeOptions,
  Started,
  WithCookies,
} from './gate/session-calls.ts'
export type { RequireClaim } from './guards/claim.ts'
export type { Guard, GuardVerdict } from './guards/guard.ts'
export type { GuardMethods, Guards } from './guards/index.ts'
export type { AuthWith, ClaimProof } from './guards/proof.ts'
export type { SenderOptions, StatementSender } from './issuers/senders.ts'
export type { StatementKind, StatementReader, Statements, StatementTimes } from './issuers/statements.ts'
export type {
  Delivery,
  Outbox,
  PollReading,
  PollReceiver,
  PollSettled,
  PushReceiver,
  Subscription,
} from './outbox/index.ts'
export { isName } from './ports/ids.ts'
export type { DeadLetter, OutboxMessage } from './ports/optional/outbox.ts'
export { isForeignName } from './ports/revocations.ts'
export { type ChallengeParameters, type Problem, type ProblemCode, problems } from './problems.ts'
export type { Auth } from './seam/auth.ts'
export type { Caller, Callers, Sender } from './seam/caller.ts'
export type {
  Answer,
  BodySource,
  Decision,
  HeaderFields,
  RequestView,
  Route,
} from './seam/http.ts'
export type { FindOwner, OwnerOutcome } from './sessions/list.ts'
export type { Documents, SharedState } from './state/index.ts'
export type { StatementClaims } from './tokens/claims.ts'
export type { SignedJwt, Unsigned } from './tokens/signing.ts'
export { type Begun, begunBy } from './tokens/statements/once.ts'
export type { SignStatement, StatementContent, StatementType } from './tokens/statements/sign.ts'
export type { StatementFault, StatementReading } from './tokens/statements/verify.ts'
