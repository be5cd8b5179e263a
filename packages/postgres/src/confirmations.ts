import type { Confirmation, SessionId, SessionStore } from '@sallyport/core/store'
import { sql } from 'kysely'
import type { PortParts } from './parts.ts'

type Outcome = Awaited<ReturnType<SessionStore['confirm']>>

/** Records which generations of refresh tokens were seen in use. */
export interface Confirmations {
  readonly add: SessionStore['confirm']
  /** Resolves once nothing is under way that concerns the session, to what came of it. */
  settledOf(id: SessionId): Promise<Outcome | undefined>
  /** Resolves once nothing is under way. */
  settled(): Promise<unknown>
}

interface Batch {
  readonly confirmations: Confirmation[]
  readonly sent: Promise<Outcome>
}

const MAX_BATCH = 500
const UNAVAILABLE = { kind: 'unavailable' } as const

/**
 * Every token is confirmed when it is first seen. Confirmations that come while others are under way share the next
 * statement.
 */
export function createConfirmations({
  database,
  tables,
}: Pick<PortParts, 'database' | 'tables'>): Confirmations {
  /** What each session waits for. */
  const pending = new Map<SessionId, Promise<Outcome>>()
  let last: Promise<unknown> = Promise.resolve()
  let waiting: Batch | undefined

  async function send(confirmations: readonly Confirmation[]): Promise<Outcome> {
    const ids = confirmations.map(({ id }) => id)
    const generations = confirmations.map(({ generation }) => generation)
    // All of them are locked in one order, so that two processes never wait for each other.
    const answer = await database.run(
      'confirm',
      sql`WITH seen AS (
  SELECT s.id FROM ${tables.sessions} AS s
    JOIN unnest(${ids}::text[], ${generations}::bigint[]) AS seen (id, generation) USING (id, generation)
  WHERE NOT s.confirmed AND s.ended_at IS NULL
  ORDER BY s.id FOR UPDATE OF s)
UPDATE ${tables.sessions} AS s SET confirmed = true, version = s.version + 1 FROM seen WHERE s.id = seen.id`,
    )
    return answer.kind === 'unavailable' ? answer : { kind: 'noted' }
  }

  /** It is sent once the one before has been answered. */
  function startBatch(): Batch {
    const confirmations: Confirmation[] = []
    const sent = last.then(() => {
      if (waiting?.sent === sent) waiting = undefined
      return send(confirmations)
    })
    last = sent
    return { confirmations, sent }
  }

  return {
    add(confirmation) {
      const { id } = confirmation
      waiting ??= startBatch()
      // While the server hangs, there is no end of them. Whoever confirms does so again.
      if (waiting.confirmations.length >= MAX_BATCH) return Promise.resolve(UNAVAILABLE)
      const { confirmations, sent } = waiting
      confirmations.push(confirmation)
      pending.set(id, sent)
      return sent.finally(() => {
        if (pending.get(id) === sent) pending.delete(id)
      })
    },
    settledOf: (id) => Promise.resolve(pending.get(id)),
    settled: () => Promise.all(pending.values()),
  }
}
