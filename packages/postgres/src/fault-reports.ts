import { createOutage } from '@sallyport/core/store'
import { sqlState, Unreadable, whyAway } from './faults.ts'

/** Hears how each step went. Tells the operator once when the server goes away, and once when it is back. */
export interface FaultReports {
  failed(step: string, cause: unknown): void
  answered(step: string): void
  /** A list leaves out what cannot be read. */
  leftOut(cause: Unreadable): void
}

/** Some steps fail and others succeed while a server refuses writes. */
const QUIET_MS = 1000

/** Only codes are shown. The server's message may repeat values, and so tokens. */
export function createFaultReports(address: string, notice: (message: string) => void): FaultReports {
  const outage = () =>
    createOutage({
      ...{ back: 'PostgreSQL serves again', quietMs: QUIET_MS, now: () => performance.now(), notice },
    })
  // A server that refuses something may go away as well, and come back while it still does.
  const gone = outage()
  const refusing = outage()
  /** Steps that were refused. As long as they are, others may be answered, which says nothing. */
  const refused = new Set<string>()
  const told = new Set<string>()

  function tellOnce(about: string, { message }: Error, consequence: string): void {
    if (told.has(about)) return
    told.add(about)
    notice(`PostgreSQL holds ${message} that cannot be read, so ${consequence}; this is told once`)
  }

  return {
    failed(step, cause) {
      if (cause instanceof Unreadable)
        return tellOnce(step, cause, `"${step}" counts as unavailable for whom it concerns`)
      const why = whyAway(cause)
      if (why !== undefined)
        return gone.failed(
          `PostgreSQL at ${address} is away (${why}): what needs it is answered 503 until it is back`,
        )
      if (!refusing.isAway()) refused.clear()
      refused.add(step)
      const code = sqlState(cause) ?? (cause instanceof Error ? cause.name : 'an unknown error')
      refusing.failed(
        `PostgreSQL refuses "${step}" with ${code}: it counts as away until it accepts that again`,
      )
    },
    answered(step) {
      gone.served()
      if (refused.has(step)) refusing.served()
    },
    leftOut: (cause) => tellOnce('left out of "list"', cause, '"list" leaves it out'),
  }
}
