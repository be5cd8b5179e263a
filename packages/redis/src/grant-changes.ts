import { type Lifetimes, type SessionId, tagOfSession, type Unavailable } from '@sallyport/core/store'
import type { Reply } from './commands.ts'
import { fieldOf } from './fields.ts'
import type { StoredSession } from './records.ts'
import type { Argument } from './scripts.ts'
import type { SessionParts } from './session-parts.ts'
import { createSurvey } from './survey.ts'

/** How often the session may be changed by others between reading and writing. */
const MAX_ROUNDS = 5
const CHANGED = 0
const OVER = 1

/** A session that is to be changed. */
export interface Changing {
  readonly id: SessionId
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly lifetimes: Lifetimes
}

/** What a script is told beside the session's field and lifetimes, and what to make of its reply. */
export interface GrantChange<Outcome> {
  readonly args: readonly Argument[]
  done(reply: Reply): Outcome
}

/**
 * Changes what a session was granted, by a script that writes unless the grant is no longer what was read. It is read
 * first, since Redis can't make MACs.
 */
export type ChangeGrant = <Outcome>(
  script: 'elevate' | 'bind-key',
  changing: Changing,
  changeOf: (stored: StoredSession) => GrantChange<Outcome>,
) => Promise<Outcome | { readonly kind: 'unknown' } | Unavailable>

export function createGrantChanges(parts: SessionParts): ChangeGrant {
  const { commands, layout, header } = parts
  const survey = createSurvey(parts)

  return async (script, { id, at, lifetimes }, changeOf) => {
    const tag = tagOfSession(id)
    const shard = layout.shardOfTag(tag)
    const keys = [layout.user(tag), layout.meta(shard)]
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const reading = await survey.stored(tag, [id])
      if (reading.kind === 'unavailable') return reading
      const [stored] = reading.value
      if (stored === undefined) return { kind: 'unknown' }
      const { args, done } = changeOf(stored)
      const answer = await commands.runDurably(script, shard, keys, [
        ...[header(shard, at), fieldOf(id), lifetimes.idleMs, lifetimes.absoluteMs],
        ...args,
      ])
      if (answer.kind === 'unavailable') return answer
      if (answer.value === OVER) return { kind: 'unknown' }
      if (answer.value !== CHANGED) return done(answer.value)
    }
    return { kind: 'unavailable' }
  }
}
