import { hash } from 'node:crypto'
import type { Clock } from '../../ports/clock.ts'
import type { OnceName, OnceOutcome, OnceStore } from '../../ports/optional/once.ts'
import type { Unavailable } from '../../ports/outcome.ts'

/** What tells one statement from all others of its kind: its `jti` alone could be that of another issuer. */
export interface StatementName {
  /** What kind of statement it is, such as `logout`. */
  readonly kind: string
  readonly issuer: string
  readonly jti: string
  /** Until when the statement may be used, in seconds since the epoch. */
  readonly usableUntil: number
}

/** Whether what a statement says was begun with before. */
export type Begun =
  | { readonly kind: 'first' }
  /** It was, and may not be finished. Only what began until then may still end, in milliseconds since the epoch. */
  | { readonly kind: 'again'; readonly until: number }
  /** All of it was done. */
  | { readonly kind: 'done' }
  | Unavailable

/** Which statements were used, for all processes together. */
export interface StatementOnce {
  /** Marks a statement as used. Of racing calls exactly one is `first`. */
  mark(name: StatementName): Promise<OnceOutcome>
  /**
   * Marks that somebody begins with what a statement says. Of racing calls exactly one is `first`.
   *
   * @param issuedAt in seconds since the epoch
   */
  begin(name: StatementName, issuedAt: number): Promise<Begun>
  /** Marks that all of it is done. Of racing calls exactly one is `first`. */
  finish(name: StatementName): Promise<OnceOutcome>
}

const NAME_CHARS = 22
/**
 * Are put after the `jti` of a statement that somebody began with, and of one that is done. A sender that does so itself
 * harms its own statements only.
 */
const [BEGUN, DONE] = ['\0begun', '\0done']
/** Clocks may differ by so much. */
const LEEWAY_SECONDS = 5
/** The clock of the store may be ahead, and would forget the name too early. */
const CLOCKS_APART_MS = 30_000

export function createStatementOnce(once: OnceStore, clock: Pick<Clock, 'now'>): StatementOnce {
  const mark: StatementOnce['mark'] = ({ usableUntil, ...statement }) => {
    const at = clock.now()
    const keptMs = Math.max(1, usableUntil * 1000 - at) + CLOCKS_APART_MS
    return once.mark({ name: nameOf(statement), keptMs, at })
  }
  const look = (statement: Omit<StatementName, 'usableUntil'>) =>
    once.look({ name: nameOf(statement), at: clock.now() })
  const after = <T extends { readonly jti: string }>(statement: T, what: string): T => ({
    ...statement,
    jti: statement.jti + what,
  })

  return {
    mark,
    async begin(statement, issuedAt) {
      const marked = await mark(after(statement, BEGUN))
      if (marked.kind === 'unavailable') return marked
      const done = await look(after(statement, DONE))
      if (done.kind === 'unavailable') return done
      if (done.kind === 'seen') return { kind: 'done' }
      // An older version says so of what is done, or of what it began with, so all of it is done once more.
      const earlier = await look(statement)
      if (earlier.kind === 'unavailable') return earlier
      const isFirst = marked.kind === 'first' && earlier.kind !== 'seen'
      return isFirst ? marked : { kind: 'again', until: begunBy(issuedAt) }
    },
    async finish(statement) {
      // By this an older version that runs beside this one knows that all is done.
      const told = await mark(statement)
      return told.kind === 'unavailable' ? told : mark(after(statement, DONE))
    },
  }
}

/**
 * What began until then, in milliseconds, had begun at an instant of another server's clock.
 *
 * @param seconds since the epoch, as statements tell it
 */
export function begunBy(seconds: number): number {
  return (seconds + 1 + LEEWAY_SECONDS) * 1000
}

function nameOf({ kind, issuer, jti }: Omit<StatementName, 'usableUntil'>): OnceName {
  const named = `sallyport ${kind}\0${issuer}\0${jti}`
  return hash('sha256', named, 'base64url').slice(0, NAME_CHARS) as OnceName
}
