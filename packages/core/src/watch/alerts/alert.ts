import type { SallyportEvent } from '../event.ts'
import type { Severity } from '../rules/rule.ts'

/** Something that a rule has found, told once for all processes. */
export interface Alert {
  readonly id: string
  /** When the event happened that raised it: ISO 8601, UTC. */
  readonly time: string
  /** The name of the rule. */
  readonly rule: string
  readonly severity: Severity
  /** A sentence for people, which names nobody. */
  readonly summary: string
  /** The event that raised it: whom it concerns, and where the request came from. */
  readonly event: SallyportEvent
}

/** Told of every alert, on the process that raised it. What it throws or rejects with is a notice. */
export type OnAlert = (alert: Alert) => unknown
