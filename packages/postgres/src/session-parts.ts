import type { PortParts } from './parts.ts'
import type { Records } from './records.ts'

/** What the steps of sessions are made of. */
export interface SessionParts extends PortParts {
  readonly records: Records
}
