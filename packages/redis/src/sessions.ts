import {
  isSessionId,
  type Lifetimes,
  type Opening,
  type SessionId,
  type SessionStore,
  sessionsToList,
  tagOfSession,
  type Unavailable,
} from '@sallyport/core/store'
import { packNewState, packRotation, unpackLine, unpackRotation, unpackSession } from './codec.ts'
import type { Answered, Reply } from './commands.ts'
import type { Confirmations } from './confirmations.ts'
import { createCrowd } from './crowd.ts'
import { createElevation } from './elevation.ts'
import {
  ENDED,
  EVERYTHING,
  everythingUntil,
  fieldOf,
  grantFieldOf,
  idsOf,
  isOver,
  sessionOf,
  tagBytes,
} from './fields.ts'
import { packGrant } from './grant-codec.ts'
import { createKeyBinding } from './key-binding.ts'
import type { StoredSession } from './records.ts'
import { createRenewal } from './renewal.ts'
import { arrayOf, bytesOf, TOO_MANY } from './replies.ts'
import type { Argument } from './scripts.ts'
import { locator, type SessionParts } from './session-parts.ts'
import { createSurvey } from './survey.ts'

/** How often room is made for one sign-in, since others may sign in meanwhile. */
const MAX_ROUNDS = 3

/** A subject whose keys change while they are erased is in use. */
const MAX_KEYS = 3

/**
 * Sessions in Redis. Each method runs one script on the hash of one subject. If the subject has too many sessions for
 * that, further scripts go through them in slices.
 */
export function createRedisSessions(parts: SessionParts, confirmations: Confirmations): SessionStore {
  const { commands, layout, header, instant, records } = parts
  const crowd = createCrowd(parts)
  const survey = createSurvey(parts)
  const locate = locator(parts)
  const lifetime = ({ idleMs, absoluteMs }: Lifetimes): readonly Argument[] => [idleMs, absoluteMs]

  return {
    async open(opening) {
      const { id, tag, grant } = opening
      const packed = packGrant(grant)
      const state = packNewState(grant, opening)
      const sealed = records.seal({ id, subject: grant.subject, state }, packed)
      const crowded: SessionId[] = []
      for (let round = 0; ; round++) {
        const answer = await openOnce(opening, state, sealed)
        if (answer.kind === 'unavailable') return answer
        if (answer.value !== null) {
          const [opened, issueFrom, replaced, ...ended] = arrayOf(answer.value)
          return {
            kind: 'opened',
            session: unpackSession(id, grant.subject, bytesOf(opened), packed),
            issueFrom: Number(bytesOf(issueFrom)),
            replaced: replaced === 1,
            ended: [...crowded, ...ended.map((field) => sessionOf(tag, bytesOf(field)))],
          }
        }
        if (round === MAX_ROUNDS) return { kind: 'unavailable' }
        const room = await crowd.makeRoom(opening)
        if (room.kind === 'unavailable') return room
        crowded.push(...room.value)
      }
    },

    async rotate(rotation) {
      confirmations.flush()
      const { id } = rotation
      const { keys, shard } = locate(tagOfSession(id))
      const answer = await commands.runDurably('rotate', shard, keys, [
        header(shard, rotation.at),
        packRotation(rotation),
        ...(rotation.client === undefined ? [] : [rotation.client]),
      ])
      if (answer.kind === 'unavailable') return answer
      return unpackRotation(bytesOf(answer.value), (subject, state, grant) => {
        const stored = { id, subject, state, grant }
        const { packed, isCurrent } = records.unseal(stored)
        if (!isCurrent) reseal(stored, packed, rotation.at)
        return unpackSession(id, subject, state, packed)
      })
    },

    async read(id) {
      const tag = tagOfSession(id)
      const field = fieldOf(id)
      const names = [field, grantFieldOf(field), '@', ENDED]
      const shard = layout.shardOfTag(tag)
      const [answer, everything] = await Promise.all([
        commands.call(shard, 'hmget', layout.user(tag), ...names),
        commands.call(shard, 'hget', layout.meta(shard), EVERYTHING),
      ])
      if (answer.kind === 'unavailable') return answer
      if (everything.kind === 'unavailable') return everything
      const [state, grant, subject, mark] = arrayOf(answer.value)
      if (!Buffer.isBuffer(state) || !Buffer.isBuffer(grant)) return { kind: 'unknown' }
      if (isOver(mark, field, state)) return { kind: 'unknown' }
      const session = records.read({ id, subject: String(subject), state, grant })
      if (session.createdAt <= everythingUntil(everything.value)) return { kind: 'unknown' }
      return { kind: 'read', session, ...unpackLine(state) }
    },

    elevate: createElevation(parts),
    bindKey: createKeyBinding(parts),
    confirm: confirmations.add,

    async end({ id, at, evenIfAbsent }) {
      if (!isSessionId(id)) return endUnrecorded(id, at, evenIfAbsent)
      const { keys, shard } = locate(tagOfSession(id))
      const args = [header(shard, at), tagBytes(tagOfSession(id)), fieldOf(id), evenIfAbsent ? 1 : 0]
      const answer = await commands.runDurably('end', shard, keys, args)
      if (answer.kind === 'unavailable') return answer
      return Buffer.isBuffer(answer.value)
        ? { kind: 'ended', subject: answer.value.toString() }
        : { kind: 'absent' }
    },

    async endSubject(ending) {
      const { tag, at, lifetimes, except } = ending
      const { keys, shard } = locate(tag)
      if (except !== undefined) {
        // What is answered 503 must not have happened, and the script can't check MACs.
        const stored = await survey.stored(tag, [except])
        if (stored.kind === 'unavailable') return stored
        stored.value.forEach(records.read)
      }
      const kept = except === undefined ? ['', tag, ''] : [fieldOf(except), tag, except]
      const args = [header(shard, at), tagBytes(tag), ...lifetime(lifetimes), ...kept]
      const answer = await commands.runDurably('end-subject', shard, keys, args)
      if (answer.kind === 'unavailable') return answer
      const [notBefore, tooMany, ...few] = arrayOf(answer.value)
      const rest: Answered<readonly Reply[]> =
        tooMany === TOO_MANY ? await crowd.endMarked(ending) : { kind: 'answered', value: few }
      if (rest.kind === 'unavailable') return rest
      const [state, grant, subject, ...ended] = rest.value.map(bytesOf)
      const survivor =
        except === undefined || !state?.length || grant === undefined
          ? undefined
          : records.read({ id: except, subject: String(subject), state, grant })
      return {
        kind: 'ended',
        sessions: idsOf(tag, ended),
        revocation: {
          kind: 'subject',
          tag,
          notBefore: Number(bytesOf(notBefore)),
          ...(except === undefined ? {} : { except }),
        },
        ...(survivor === undefined ? {} : { kept: survivor }),
      }
    },

    renew: createRenewal(parts),

    async erase(tag, at) {
      const shard = layout.shardOfTag(tag)
      let key = ''
      for (let round = 0; round < MAX_KEYS; round++) {
        const keys = [
          ...[layout.user(tag), layout.activity(tag, 'other'), layout.activity(tag, 'failure')],
          ...[layout.subjectKey(tag), layout.keySubject(shard, key), layout.sightingsOf(tag)],
          layout.apiKeys(tag),
        ]
        const answer = await commands.runDurably('erase', shard, keys, [header(shard, at), key])
        if (answer.kind === 'unavailable') return answer
        if (!Buffer.isBuffer(answer.value)) return { kind: answer.value === 1 ? 'erased' : 'in_use' }
        key = answer.value.toString('latin1')
      }
      return { kind: 'in_use' }
    },

    async list(query) {
      const { tag, at, lifetimes, include } = query
      const shard = layout.shardOfTag(tag)
      const keys = [layout.user(tag), layout.meta(shard)]
      const answer = await commands.run('list', shard, keys, [instant(at), ...lifetime(lifetimes)])
      if (answer.kind === 'unavailable') return answer
      if (answer.value === null) return crowd.list(query)
      const [subject, ...found] = arrayOf(answer.value).map(bytesOf)
      const stored: StoredSession[] = []
      for (let first = 0; first + 2 < found.length; first += 3) {
        const [field, state, grant] = found.slice(first, first + 3)
        if (field !== undefined && state !== undefined && grant !== undefined)
          stored.push({ id: sessionOf(tag, field), subject: String(subject), state, grant })
      }
      return { kind: 'listed', ...sessionsToList(records.readEach(stored), include) }
    },
  }

  /**
   * Puts a grant under the current secret, so that the session outlives the earlier one. Nobody waits for it: if it
   * fails, the next refresh does it.
   */
  function reseal(stored: StoredSession, packed: Buffer, at: number): void {
    const tag = tagOfSession(stored.id)
    const shard = layout.shardOfTag(tag)
    const field = grantFieldOf(fieldOf(stored.id))
    const next = records.seal(stored, packed)
    void commands.run('reseal', shard, [layout.user(tag)], [header(shard, at), field, stored.grant, next])
  }

  function openOnce(opening: Opening, state: Buffer, sealed: Buffer): Promise<Answered<Reply>> {
    const { id, tag, grant, at, lifetimes, sessionLimit, known, replaces } = opening
    const { keys, shard } = locate(tag)
    return commands.runDurably('open', shard, keys, [
      header(shard, at),
      tagBytes(tag),
      fieldOf(id),
      state,
      sealed,
      grant.subject,
      ...lifetime(lifetimes),
      sessionLimit,
      replaces === undefined ? '' : fieldOf(replaces),
      known.endedUntil,
      known.refusedUntil,
    ])
  }

  /** A session id of another format is not in this store. Its access tokens can be refused all the same. */
  async function endUnrecorded(
    id: string,
    at: number,
    evenIfAbsent: boolean,
  ): Promise<{ readonly kind: 'absent' } | Unavailable> {
    if (!evenIfAbsent) return { kind: 'absent' }
    const shard = layout.shardOf({ kind: 'session', session: id })
    const keys = [layout.feed(shard), layout.meta(shard)]
    const answer = await commands.runDurably('revoke', shard, keys, [header(shard, at), `s:${id}`])
    return answer.kind === 'unavailable' ? answer : { kind: 'absent' }
  }
}
