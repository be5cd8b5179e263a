import type { AuditSink } from '@sallyport/core/sink'
import { type FileOptions, parseFileOptions } from '../options.ts'
import { createFileSink } from './sink.ts'

/**
 * Writes events to files, one a line, each bound to the one before by a MAC: `verifyTrail` finds whatever was deleted,
 * edited, reordered or cut. Several processes may have the same path. Each writes segments of its own beside it, such as
 * `audit.20261129T195739-5f2c….000001.jsonl`, unless `rotate` is `false`.
 *
 * Opens nothing before the first event. A write that fails, such as on a full disk, is repeated by the caller with the
 * same events; it then goes on where it stopped. Throws a `ConfigError` for a wrong option.
 */
export function toFile(options: FileOptions): AuditSink {
  return createFileSink(parseFileOptions(options))
}
