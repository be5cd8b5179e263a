import { hash } from 'node:crypto'
import type { Clock } from '../../ports/clock.ts'
import type { OnceLook, OnceName, OnceOutcome, OnceStore } from '../../ports/optional/once.ts'

/** What tells one statement from all others of its kind: its `jti` alone could be that of another issuer. */
export interface StatementName {
  /** What kind of statement it is, such as `logout`. */
  readonly kind: string
  readonly issuer: string
  readonly jti: string
  /** Until when the statement may be used, in seconds since the epoch. */
  readonly usableUntil: number
}

/** Which statements were used, for all processes together. */
export interface StatementOnce {
  /** Marks a statement as used. Of racing calls exactly one is `first`. */
  mark(name: StatementName): Promise<OnceOutcome>
  /** Tells whether a statement is marked as used. */
  look(name: Omit<StatementName, 'usableUntil'>): Promise<OnceLook>
}

const NAME_CHARS = 22
/** The clock of the store may be ahead, and would forget the name too early. */
const CLOCKS_APART_MS = 30_000

export function createStatementOnce(once: OnceStore, clock: Pick<Clock, 'now'>): StatementOnce {
  return {
    mark({ usableUntil, ...statement }) {
      const at = clock.now()
      const keptMs = Math.max(1, usableUntil * 1000 - at) + CLOCKS_APART_MS
      return once.mark({ name: nameOf(statement), keptMs, at })
    },
    look: (statement) => once.look({ name: nameOf(statement), at: clock.now() }),
  }
}

function nameOf({ kind, issuer, jti }: Omit<StatementName, 'usableUntil'>): OnceName {
  const named = `sallyport ${kind}\0${issuer}\0${jti}`
  return hash('sha256', named, 'base64url').slice(0, NAME_CHARS) as OnceName
}
