// The entry point for authors of audit sinks and of policy engines.

export { ConfigError, describeValue, SallyportError, unknownOption } from './errors.ts'
export type { PolicyDecision, PolicyEngine, PolicyRequest } from './guards/policy/engine.ts'
export * as schema from './options/values/schema.ts'
export { printable } from './printable.ts'
export { createMessageHmac } from './tokens/hmac.ts'
export type { AuditSink } from './watch/audit/sink.ts'
export type { EventName, SallyportEvent } from './watch/event.ts'
