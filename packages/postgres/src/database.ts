import type { Unavailable } from '@sallyport/core/store'
import type { CompiledQuery } from 'kysely'
import type { FaultReports } from './fault-reports.ts'
import { Abandoned, isWorthRepeating } from './faults.ts'
import type { Send, Source } from './source.ts'
import { type Builder, createBuilder } from './tables.ts'

export type Answered<T> = { readonly kind: 'answered'; readonly value: T } | Unavailable

/** A statement that gives rows, such as an `sql` template. */
export interface Statement<Row> {
  compile(builder: Builder): CompiledQuery<Row>
}

/** Runs a statement, and rejects if it fails. */
export type Run = <Row>(statement: Statement<Row>) => Promise<readonly Row[]>

/** What a step is made of. */
export interface Step {
  /** Runs one statement, which is a transaction of its own. */
  readonly run: Run
  /**
   * Runs a transaction at the level READ COMMITTED, in which every statement sees what was committed before it began. What
   * the work throws rolls it back.
   */
  transaction<T>(work: (run: Run) => Promise<T>): Promise<T>
}

/**
 * Runs steps. Whatever the server cannot do counts as unavailable, and so does a step that throws; it is told once. No
 * statement takes longer than the command time-out.
 */
export interface Database {
  /**
   * Runs a step. It may run several times, if others were in the way.
   *
   * @param name by which its faults are told
   */
  step<T>(name: string, work: (step: Step) => Promise<T>): Promise<Answered<T>>
  /** Runs a step that is one statement. */
  run<Row>(name: string, statement: Statement<Row>): Promise<Answered<readonly Row[]>>
  /** Runs a step that is one transaction. */
  transaction<T>(name: string, work: (run: Run) => Promise<T>): Promise<Answered<T>>
}

const builder = createBuilder()
const UNAVAILABLE: Unavailable = { kind: 'unavailable' }
/** How often a step is tried that others were in the way of. */
const MAX_TRIES = 3

/** Runs statements where they are sent. */
export function createRun(send: Send): Run {
  return async <Row>(statement: Statement<Row>) => {
    const { sql, parameters } = statement.compile(builder)
    // The type of the rows is what the statement says of itself.
    return (await send(sql, parameters)) as readonly Row[]
  }
}

export function createDatabase(source: Source, reports: FaultReports): Database {
  const alone: Step = {
    run: createRun(source.send),
    transaction: (work) => source.transaction((send) => work(createRun(send))),
  }

  async function step<T>(name: string, work: (step: Step) => Promise<T>): Promise<Answered<T>> {
    for (let tries = 1; ; tries++) {
      try {
        const value = await work(alone)
        reports.answered(name)
        return { kind: 'answered', value }
      } catch (cause) {
        if (isWorthRepeating(cause) && tries < MAX_TRIES) continue
        if (!(cause instanceof Abandoned)) reports.failed(name, cause)
        return UNAVAILABLE
      }
    }
  }

  return {
    step,
    run: (name, statement) => step(name, ({ run }) => run(statement)),
    transaction: (name, work) => step(name, ({ transaction }) => transaction(work)),
  }
}
