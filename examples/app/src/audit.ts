import { randomBytes } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { toFile, toStream } from '@sallyport/audit'
import type { AuditOptions, SallyportEvent } from '@sallyport/core'
import { EnvironmentError } from './environment.ts'

export interface AuditVariables {
  readonly auditFile: string | undefined
  readonly auditKey: Uint8Array | undefined
  /** Whether the trail names users as they are. */
  readonly auditSubjects: 'plain' | 'pseudonyms'
}

const KEY_BYTES = 32
/** A machine that runs tests may be so slow. */
const SLOW_DISK_MS = 10_000

/**
 * Writes audit events to a file, or to standard output.
 *
 * @param begun the server listens, which is told on standard output first
 */
export function createAudit(
  { auditFile: path, auditKey, auditSubjects: subjects }: AuditVariables,
  begun: Promise<void>,
): AuditOptions {
  const shown = { subjects, verifications: 'none' } as const
  if (path === undefined) {
    const key = auditKey === undefined ? {} : { key: auditKey }
    const stream = toStream(process.stdout, key)
    const sink = {
      ...stream,
      write: (events: readonly SallyportEvent[]) => begun.then(() => stream.write(events)),
    }
    return { ...shown, sink, timeoutMs: SLOW_DISK_MS }
  }
  const key = auditKey ?? randomBytes(KEY_BYTES)
  return { ...shown, sink: toFile({ path, key, rotate: false }), required: true, timeoutMs: SLOW_DISK_MS }
}

/** A trail that cannot be written would only show at its first event. Says if nobody can verify it. */
export function checkAudit({ auditFile: path, auditKey }: AuditVariables): void {
  if (path === undefined) return
  try {
    closeSync(openSync(path, 'a'))
  } catch {
    throw new EnvironmentError('AUDIT_FILE', 'the path of a file that can be written')
  }
  if (auditKey === undefined)
    console.error(
      'demo: AUDIT_KEY is not set, so a random one is used, and nobody can verify the audit trail',
    )
}
