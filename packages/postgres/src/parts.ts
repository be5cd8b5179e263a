import type { Random, SessionId, SubjectTag } from '@sallyport/core/store'
import type { RawBuilder } from 'kysely'
import type { Database, Run } from './database.ts'
import type { Unreadable } from './faults.ts'
import type { Feeds } from './feeds.ts'
import type { News } from './news.ts'
import type { Seals } from './seals.ts'
import type { Tables } from './tables.ts'

/** What the ports are made of. */
export interface PortParts {
  readonly database: Database
  readonly tables: Tables
  readonly feeds: Feeds
  readonly news: News
  readonly random: Random
  readonly seals: Seals
  /** The instant to judge by, in milliseconds since the epoch: that of the server, or of the caller. */
  readonly instant: (at: number) => RawBuilder<number>
  /** Whether the clock of the server counts, and not that of the caller. */
  readonly serverCounts: boolean
  readonly commandTimeoutMs: number
  /** Tells that a list leaves something out. */
  readonly leftOut: (cause: Unreadable) => void
  /** What else is kept of subjects, by other ports. */
  readonly belongings: readonly Belonging[]
}

/** What a port keeps of subjects besides their sessions. Each runs within the step of another port. */
export interface Belonging {
  /** Whether the subject is in use, so that nothing of it can be erased. */
  isInUse?(run: Run, tag: SubjectTag): Promise<boolean>
  /** Erases what is kept of the subject. */
  erase(run: Run, tag: SubjectTag): Promise<void>
  /** Drops what revocations that are put back name as these sessions. */
  drop?(run: Run, sessions: readonly SessionId[]): Promise<void>
}
