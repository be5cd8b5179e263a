export type { TrailHead } from './chain/marks.ts'
export { AuditError } from './errors.ts'
export { toFile } from './file/to-file.ts'
export type { FormatName } from './formats/index.ts'
export type {
  FileOptions,
  RedisStreamOptions,
  RotateOptions,
  StreamOptions,
  TrailKey,
  VerifyTrailOptions,
} from './options.ts'
export { readTrail, type TrailEvent, type TrailReader } from './read/read-trail.ts'
export { type AuditRedis, toRedisStream } from './redis/to-redis-stream.ts'
export { toAll } from './sinks/all.ts'
export { type AuditLogger, toLog } from './sinks/log.ts'
export { type OpenTelemetryLogger, type OpenTelemetryRecord, toOpenTelemetry } from './sinks/opentelemetry.ts'
export { type AuditWritable, toStream } from './sinks/stream.ts'
export type { ProcessReport, TrailFault, TrailFaultKind, TrailVerdict } from './verify/verdict.ts'
export { readHeads, type TrailHeads, verifyTrail } from './verify/verify-trail.ts'
