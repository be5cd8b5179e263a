import type { Renewal, RenewOutcome, SessionId, SubjectTag, Unavailable } from '@sallyport/core/store'
import { fieldOf, grantFieldOf, idsOf } from './fields.ts'
import { withScope } from './grant-codec.ts'
import type { StoredSession } from './records.ts'
import { arrayOf, bytesOf, TOO_MANY, walk } from './replies.ts'
import type { Argument } from './scripts.ts'
import type { SessionParts } from './session-parts.ts'
import { createSurvey } from './survey.ts'
import { Unreadable } from './unreadable.ts'

/** How many grants are replaced at once: all of them, or none if another process has changed one. */
const SLICE = 200
const MAX_ROUNDS = 5
const UNAVAILABLE: Unavailable = { kind: 'unavailable' }
const DONE = { kind: 'done' } as const

/**
 * Revokes the tokens of a subject and keeps its sessions.
 *
 * Another scope is set first, since Redis can't make MACs. What is revoked afterwards includes all tokens that were
 * issued meanwhile with the scope from before.
 */
export function createRenewal(parts: SessionParts): (renewal: Renewal) => Promise<RenewOutcome> {
  const { commands, layout, header, records } = parts
  const survey = createSurvey(parts)

  return async (renewal) => {
    if (renewal.scope !== undefined) {
      const set = await setScope(renewal, renewal.scope)
      if (set.kind === 'unavailable') return set
    }
    return revokeTokens(renewal)
  }

  async function revokeTokens({ tag, at, lifetimes, known }: Renewal): Promise<RenewOutcome> {
    const shard = layout.shardOfTag(tag)
    const keys = [layout.user(tag), layout.feed(shard), layout.meta(shard)]
    const rest = [lifetimes.idleMs, lifetimes.absoluteMs]
    const answer = await commands.runDurably('renew', shard, keys, [
      header(shard, at),
      tag,
      ...rest,
      known.endedUntil,
      known.refusedUntil,
    ])
    if (answer.kind === 'unavailable') return answer
    const [notBefore, tooMany, ...few] = arrayOf(answer.value)
    const next = (cursor: string) =>
      commands.runDurably('renew-next', shard, keys, [header(shard, at), cursor, ...rest])
    const others = tooMany === TOO_MANY ? await walk(next) : ({ kind: 'answered', value: few } as const)
    if (others.kind === 'unavailable') return others
    return {
      kind: 'renewed',
      sessions: idsOf(tag, others.value),
      revocation: { kind: 'subject', tag, notBefore: Number(bytesOf(notBefore)) },
    }
  }

  async function setScope(
    { tag, at, lifetimes }: Renewal,
    scope: string,
  ): Promise<typeof DONE | Unavailable> {
    const members = await survey.members(tag, at, lifetimes)
    if (members.kind === 'unavailable') return members
    const ids = members.value.filter(({ isOver }) => !isOver).map(({ id }) => id)
    for (let from = 0; from < ids.length; from += SLICE) {
      const set = await setScopeOf(ids.slice(from, from + SLICE), tag, at, scope)
      if (set.kind === 'unavailable') return set
    }
    return DONE
  }

  async function setScopeOf(
    ids: readonly SessionId[],
    tag: SubjectTag,
    at: number,
    scope: string,
  ): Promise<typeof DONE | Unavailable> {
    const shard = layout.shardOfTag(tag)
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const stored = await survey.stored(tag, ids)
      if (stored.kind === 'unavailable') return stored
      const changes = stored.value.flatMap((one) => changeOf(one, scope))
      if (changes.length === 0) return DONE
      const args = [header(shard, at), ...changes]
      const answer = await commands.runDurably('reseal', shard, [layout.user(tag)], args)
      if (answer.kind === 'unavailable') return answer
      if (answer.value === 1) return DONE
    }
    return UNAVAILABLE
  }

  /** Field, value and next value of a grant. One that can't be read stays as it is: no token is issued by it. */
  function changeOf(stored: StoredSession, scope: string): readonly Argument[] {
    try {
      const next = records.seal(stored, withScope(records.unseal(stored).packed, scope))
      return next.equals(stored.grant) ? [] : [grantFieldOf(fieldOf(stored.id)), stored.grant, next]
    } catch (cause) {
      if (!(cause instanceof Unreadable)) throw cause
      return []
    }
  }
}
