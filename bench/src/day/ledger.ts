import type { Severity } from '@sallyport/core'
import type { Heard } from './fleet.ts'

/** What a rule raised about honest sessions. */
export interface RuleFigures {
  readonly rule: string
  readonly severity: Severity
  readonly alerts: number
  /** How many sessions had at least one. */
  readonly sessions: number
}

export interface HonestFigures {
  readonly rules: readonly RuleFigures[]
  /** Sessions with at least one alert of the severity `warning` or `critical`. */
  readonly alarmed: number
  /** Sessions with at least one `notice`. */
  readonly noticed: number
  /** Sessions that the library ended. */
  readonly ended: number
  /** Sign-ins that the lockout refused. */
  readonly refused: number
}

/** Counts what is heard of honest sessions, each of which is an owner. */
export interface Ledger {
  hear(heard: Heard): void
  figures(): HonestFigures
}

interface Entry {
  readonly severity: Severity
  readonly owners: Set<string>
  alerts: number
}

export function createLedger(): Ledger {
  const rules = new Map<string, Entry>()
  const ended = new Set<string>()
  let refused = 0

  function ownersOf(wanted: (severity: Severity) => boolean): number {
    const all = [...rules.values()].filter(({ severity }) => wanted(severity))
    return new Set(all.flatMap(({ owners }) => [...owners])).size
  }

  return {
    hear({ owner, report }) {
      if (report.kind === 'alert') {
        const { rule, severity } = report
        const entry = rules.get(rule) ?? { severity, owners: new Set(), alerts: 0 }
        rules.set(rule, entry)
        entry.alerts++
        entry.owners.add(owner)
      } else if (report.event === 'session.ended') ended.add(owner)
      else if (report.reason === 'account_locked' || report.reason === 'network_locked') refused++
    },
    figures: () => ({
      rules: [...rules]
        .map(([rule, { severity, owners, alerts }]) => ({ rule, severity, alerts, sessions: owners.size }))
        .sort((one, other) => one.rule.localeCompare(other.rule)),
      alarmed: ownersOf((severity) => severity !== 'notice'),
      noticed: ownersOf((severity) => severity === 'notice'),
      ended: ended.size,
      refused,
    }),
  }
}
