// The entry point for authors of audit sinks.

export { ConfigError, describeValue, SallyportError, unknownOption } from './errors.ts'
export * as schema from './options/values/schema.ts'
export type { AuditSink } from './watch/audit/sink.ts'
export type { EventName, SallyportEvent } from './watch/event.ts'
