import type { Random } from '@sallyport/core/store'
import { type RawBuilder, sql } from 'kysely'
import type { Database } from './database.ts'
import { rest } from './rest.ts'
import type { FinishEnding } from './unfinished.ts'

/** Rows of a table that nobody asks for any more. */
export interface DeadRows {
  /** The name of the step, by which its faults are told. */
  readonly step: string
  readonly table: RawBuilder<unknown>
  /** The condition, for which the table has an index. */
  readonly where: RawBuilder<unknown>
}

const EVERY_MS = 60_000
/** Rows that one statement deletes, so that none takes long. */
const BATCH = 1000
/** Of each table, and of endings, in a round. What is left has its turn in the next round. */
const MAX_BATCHES = 50

export interface CleanUpParts {
  readonly database: Database
  readonly dead: readonly DeadRows[]
  readonly finishEnding: FinishEnding
  readonly random: Random
}

/**
 * Finishes endings that broke off, and deletes dead rows, both in batches: at once, and then about every minute until it is
 * stopped. Every process does, and each leaves out the rows that another one is at.
 */
export function startCleanUp({ database, dead, finishEnding, random }: CleanUpParts): { stop(): void } {
  const stopping = new AbortController()

  async function deleteFrom({ step, table, where }: DeadRows): Promise<void> {
    for (let batch = 0; batch < MAX_BATCHES && !stopping.signal.aborted; batch++) {
      const answer = await database.run(
        step,
        sql`DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM ${table} WHERE ${where} LIMIT ${BATCH}::integer FOR UPDATE SKIP LOCKED
        )) RETURNING 1 AS deleted`,
      )
      if (answer.kind === 'unavailable' || answer.value.length < BATCH) return
    }
  }

  async function finishEndings(): Promise<void> {
    for (let batch = 0; batch < MAX_BATCHES && !stopping.signal.aborted; batch++)
      if (!(await finishEnding())) return
  }

  /** Processes that were started together do not stay together. */
  const pause = (): number => EVERY_MS * (0.75 + (random(1)[0] ?? 0) / 512)

  async function repeat(): Promise<void> {
    while (!stopping.signal.aborted) {
      await finishEndings()
      for (const rows of dead) await deleteFrom(rows)
      await rest(pause(), stopping.signal)
    }
  }

  // It rejects when it is stopped. Whatever else goes wrong is the answer of a step.
  repeat().catch(() => {})
  return { stop: () => stopping.abort() }
}
