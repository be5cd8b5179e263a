import type { Unavailable } from '@sallyport/core/store'
import type { CompiledQuery } from 'kysely'
import type { FaultReports } from './fault-reports.ts'
import { isWorthRepeating } from './faults.ts'
import type { Send, Source } from './source.ts'
import { type Builder, createBuilder } from './tables.ts'

export type Answered<T> = { readonly kind: 'answered'; readonly value: T } | Unavailable

/** A statement that gives rows, such as an `sql` template. */
export interface Statement<Row> {
  compile(builder: Builder): CompiledQuery<Row>
}

/** Runs a statement, and rejects if it fails. */
export type Run = <Row>(statement: Statement<Row>) => Promise<readonly Row[]>

/**
 * Runs steps. Each is one statement, or one transaction. Whatever the server cannot do counts as unavailable, and so does a
 * step that throws; it is told once. No statement takes longer than the command time-out.
 */
export interface Database {
  /**
   * Runs one statement, which is a transaction of its own.
   *
   * @param step the name of the step, by which its faults are told
   */
  run<Row>(step: string, statement: Statement<Row>): Promise<Answered<readonly Row[]>>
  /**
   * Runs a transaction at the level READ COMMITTED, in which every statement sees what was committed before it began. What
   * the work throws rolls it back. It may run several times, if others were in the way.
   */
  transaction<T>(step: string, work: (run: Run) => Promise<T>): Promise<Answered<T>>
}

const UNAVAILABLE: Unavailable = { kind: 'unavailable' }
/** How often a step is tried that others were in the way of. */
const MAX_TRIES = 3

export function createDatabase(source: Source, reports: FaultReports): Database {
  const builder = createBuilder()

  const runOn =
    (send: Send): Run =>
    async <Row>(statement: Statement<Row>) => {
      const { sql, parameters } = statement.compile(builder)
      // The type of the rows is what the statement says of itself.
      return (await send(sql, parameters)) as readonly Row[]
    }

  async function attempt<T>(step: string, work: () => Promise<T>): Promise<Answered<T>> {
    for (let tries = 1; ; tries++) {
      try {
        const value = await work()
        reports.answered(step)
        return { kind: 'answered', value }
      } catch (cause) {
        if (isWorthRepeating(cause) && tries < MAX_TRIES) continue
        reports.failed(step, cause)
        return UNAVAILABLE
      }
    }
  }

  const runAlone = runOn(source.send)
  return {
    run: (step, statement) => attempt(step, () => runAlone(statement)),
    transaction: (step, work) => attempt(step, () => source.transaction((send) => work(runOn(send)))),
  }
}
