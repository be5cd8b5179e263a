import {
  isSessionId,
  type Lifetimes,
  type Opening,
  type Session,
  type SessionId,
  type SessionStore,
  type SubjectTag,
  sessionsToList,
  tagOfSession,
  type Unavailable,
} from '@sallyport/core/store'
import { packGrant, packNewState, packRotation, unpackLine, unpackRotation, unpackSession } from './codec.ts'
import type { Answered, Reply } from './commands.ts'
import type { Confirmations } from './confirmations.ts'
import { createCrowd } from './crowd.ts'
import {
  ENDED,
  EVERYTHING,
  everythingUntil,
  fieldOf,
  grantFieldOf,
  isOver,
  sessionOf,
  tagBytes,
} from './fields.ts'
import { arrayOf, bytesOf, walk } from './replies.ts'
import type { Argument } from './scripts.ts'
import type { SessionParts } from './session-parts.ts'

/** How often room is made for one sign-in, since others may sign in meanwhile. */
const MAX_ROUNDS = 3
const TOO_MANY = 1

/**
 * Sessions in Redis. Each method runs one script on the hash of one subject. If the subject has too many sessions for
 * that, further scripts go through them in slices.
 */
export function createRedisSessions(parts: SessionParts, confirmations: Confirmations): SessionStore {
  const { commands, layout, header, instant } = parts
  const crowd = createCrowd(parts)
  const locate = (tag: SubjectTag): { keys: string[]; shard: number } => {
    const shard = layout.shardOfTag(tag)
    return { keys: [layout.user(tag), layout.feed(shard), layout.meta(shard)], shard }
  }
  const lifetime = ({ idleMs, absoluteMs }: Lifetimes): readonly Argument[] => [idleMs, absoluteMs]

  return {
    async open(opening) {
      const { id, tag, grant } = opening
      const packedGrant = packGrant(grant)
      const crowded: SessionId[] = []
      for (let round = 0; ; round++) {
        const answer = await openOnce(opening, packedGrant)
        if (answer.kind === 'unavailable') return answer
        if (answer.value !== null) {
          const [state, issueFrom, replaced, ...ended] = arrayOf(answer.value)
          return {
            kind: 'opened',
            session: unpackSession(id, grant.subject, bytesOf(state), packedGrant),
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
      const tag = tagOfSession(rotation.id)
      const { keys, shard } = locate(tag)
      const answer = await commands.runDurably('rotate', shard, keys, [
        header(shard, rotation.at),
        packRotation(rotation),
        ...(rotation.client === undefined ? [] : [rotation.client]),
      ])
      return answer.kind === 'unavailable' ? answer : unpackRotation(rotation.id, bytesOf(answer.value))
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
      const session = unpackSession(id, String(subject), state, grant)
      if (session.createdAt <= everythingUntil(everything.value)) return { kind: 'unknown' }
      return { kind: 'read', session, ...unpackLine(state) }
    },

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
          : unpackSession(except, String(subject), state, grant)
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

    async renew({ tag, at, lifetimes, scope }) {
      const { keys, shard } = locate(tag)
      const rest = [...lifetime(lifetimes), ...(scope === undefined ? [] : [scope])]
      const renewOnce = () => commands.runDurably('renew', shard, keys, [header(shard, at), tag, ...rest])
      let answer = await renewOnce()
      if (answer.kind === 'unavailable') return answer
      const isCrowd = arrayOf(answer.value)[1] === TOO_MANY
      const next = (cursor: string) =>
        commands.runDurably('renew-next', shard, keys, [header(shard, at), cursor, ...rest])
      const others = isCrowd ? await walk(next) : NOBODY
      if (others.kind === 'unavailable') return others
      // Until its turn came, a session may have got tokens that still have the earlier scope.
      if (isCrowd && scope !== undefined) answer = await renewOnce()
      if (answer.kind === 'unavailable') return answer
      const [notBefore, , ...first] = arrayOf(answer.value)
      return {
        kind: 'renewed',
        sessions: idsOf(tag, first, others.value),
        revocation: { kind: 'subject', tag, notBefore: Number(bytesOf(notBefore)) },
      }
    },

    async list(query) {
      const { tag, at, lifetimes, include } = query
      const shard = layout.shardOfTag(tag)
      const keys = [layout.user(tag), layout.meta(shard)]
      const answer = await commands.run('list', shard, keys, [instant(at), ...lifetime(lifetimes)])
      if (answer.kind === 'unavailable') return answer
      if (answer.value === null) return crowd.list(query)
      const [subject, ...found] = arrayOf(answer.value).map(bytesOf)
      const sessions: Session[] = []
      for (let first = 0; first + 2 < found.length; first += 3) {
        const [field, state, grant] = found.slice(first, first + 3)
        if (field !== undefined && state !== undefined && grant !== undefined)
          sessions.push(unpackSession(sessionOf(tag, field), String(subject), state, grant))
      }
      return { kind: 'listed', ...sessionsToList(sessions, include) }
    },
  }

  function openOnce(opening: Opening, packedGrant: Buffer): Promise<Answered<Reply>> {
    const { id, tag, grant, at, lifetimes, sessionLimit, replaces } = opening
    const { keys, shard } = locate(tag)
    return commands.runDurably('open', shard, keys, [
      header(shard, at),
      tagBytes(tag),
      fieldOf(id),
      packNewState(grant, opening),
      packedGrant,
      grant.subject,
      ...lifetime(lifetimes),
      sessionLimit,
      replaces === undefined ? '' : fieldOf(replaces),
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

const NOBODY: Answered<readonly Buffer[]> = { kind: 'answered', value: [] }

/** The sessions with these fields, each once. */
function idsOf(tag: SubjectTag, ...fields: readonly (readonly Reply[])[]): readonly SessionId[] {
  return [...new Set(fields.flat().map((field) => sessionOf(tag, bytesOf(field))))]
}
