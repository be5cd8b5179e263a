import { readFileSync } from 'node:fs'
import type { Host } from '../support/hosts.ts'

export type AuditedEvent = Readonly<Record<string, unknown>>

/** What a host has told of a session so far, of events with these names. */
export function audited({ auditFile }: Host, sid: string, ...names: readonly string[]): AuditedEvent[] {
  return readFileSync(auditFile, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditedEvent)
    .filter((event) => event.sid === sid && names.includes(String(event.event)))
}
