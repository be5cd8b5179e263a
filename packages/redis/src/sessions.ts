import {
  isSessionId,
  type Lifetimes,
  type Session,
  type SessionStore,
  type SubjectTag,
  sessionsToList,
  tagOfSession,
  type Unavailable,
} from '@sallyport/core/store'
import {
  fieldOf,
  packGrant,
  packNewState,
  packRotation,
  sessionOf,
  tagBytes,
  unpackLine,
  unpackRotation,
  unpackSession,
} from './codec.ts'
import type { Commands, Reply } from './commands.ts'
import type { Confirmations } from './confirmations.ts'
import type { Layout } from './layout.ts'
import type { Argument, LateArgument } from './scripts.ts'
import { Unreadable } from './unreadable.ts'

/** Goes before the field of a session to name the field of its grant: see `prelude.lua`. */
const GRANT = Buffer.from('.')

export interface SessionParts {
  readonly commands: Commands
  readonly layout: Layout
  /** The first argument of every script that changes something: see `begin` in `prelude.lua`. */
  readonly header: (shard: number, at: number) => LateArgument
  /** The time to judge by, in milliseconds since the epoch; `''` for the server's own. */
  readonly instant: (at: number) => Argument
}

/** Sessions in Redis. Each method runs one script on the hash of one subject. */
export function createRedisSessions(
  { commands, layout, header, instant }: SessionParts,
  confirmations: Confirmations,
): SessionStore {
  const locate = (tag: SubjectTag): { keys: string[]; shard: number } => {
    const shard = layout.shardOfTag(tag)
    return { keys: [layout.user(tag), layout.feed(shard), layout.meta(shard)], shard }
  }
  const lifetime = ({ idleMs, absoluteMs }: Lifetimes): readonly Argument[] => [idleMs, absoluteMs]

  return {
    async open(opening) {
      const { id, tag, grant, at, lifetimes, sessionLimit, replaces } = opening
      const { keys, shard } = locate(tag)
      const packedGrant = packGrant(grant)
      const answer = await commands.runDurably('open', shard, keys, [
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
      if (answer.kind === 'unavailable') return answer
      const [state, issueFrom, replaced, ...ended] = arrayOf(answer.value)
      return {
        kind: 'opened',
        session: unpackSession(id, grant.subject, bytesOf(state), packedGrant),
        issueFrom: Number(bytesOf(issueFrom)),
        replaced: replaced === 1,
        ended: ended.map((field) => sessionOf(tag, bytesOf(field))),
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
      const grantField = Buffer.concat([GRANT, field])
      const shard = layout.shardOfTag(tag)
      const answer = await commands.call(shard, 'hmget', layout.user(tag), field, grantField, '@')
      if (answer.kind === 'unavailable') return answer
      const [state, grant, subject] = arrayOf(answer.value)
      if (!Buffer.isBuffer(state) || !Buffer.isBuffer(grant)) return { kind: 'unknown' }
      return { kind: 'read', session: unpackSession(id, String(subject), state, grant), ...unpackLine(state) }
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

    async endSubject({ tag, at, lifetimes, except }) {
      const { keys, shard } = locate(tag)
      const kept = except === undefined ? ['', tag, ''] : [fieldOf(except), tag, except]
      const args = [header(shard, at), tagBytes(tag), ...lifetime(lifetimes), ...kept]
      const answer = await commands.runDurably('end-subject', shard, keys, args)
      if (answer.kind === 'unavailable') return answer
      const [notBefore, state, grant, subject, ...ended] = arrayOf(answer.value).map(bytesOf)
      const survivor =
        except === undefined || !state?.length || grant === undefined
          ? undefined
          : unpackSession(except, String(subject), state, grant)
      return {
        kind: 'ended',
        sessions: ended.map((field) => sessionOf(tag, field)),
        revocation: {
          kind: 'subject',
          tag,
          notBefore: Number(notBefore),
          ...(except === undefined ? {} : { except }),
        },
        ...(survivor === undefined ? {} : { kept: survivor }),
      }
    },

    async renew({ tag, at, lifetimes, scope }) {
      const { keys, shard } = locate(tag)
      const args = [header(shard, at), tag, ...lifetime(lifetimes), ...(scope === undefined ? [] : [scope])]
      const answer = await commands.runDurably('renew', shard, keys, args)
      if (answer.kind === 'unavailable') return answer
      const [notBefore, ...fields] = arrayOf(answer.value).map(bytesOf)
      return {
        kind: 'renewed',
        sessions: fields.map((field) => sessionOf(tag, field)),
        revocation: { kind: 'subject', tag, notBefore: Number(notBefore) },
      }
    },

    async list({ tag, at, lifetimes, include }) {
      const shard = layout.shardOfTag(tag)
      const answer = await commands.run(
        'list',
        shard,
        [layout.user(tag)],
        [instant(at), ...lifetime(lifetimes)],
      )
      if (answer.kind === 'unavailable') return answer
      const [subject, ...parts] = arrayOf(answer.value).map(bytesOf)
      const sessions: Session[] = []
      for (let first = 0; first + 2 < parts.length; first += 3) {
        const [field, state, grant] = parts.slice(first, first + 3)
        if (field !== undefined && state !== undefined && grant !== undefined)
          sessions.push(unpackSession(sessionOf(tag, field), String(subject), state, grant))
      }
      return { kind: 'listed', ...sessionsToList(sessions, include) }
    },
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

function arrayOf(reply: Reply): readonly Reply[] {
  if (!Array.isArray(reply)) throw new Unreadable('a reply')
  return reply
}

function bytesOf(reply: Reply | undefined): Buffer {
  if (!Buffer.isBuffer(reply)) throw new Unreadable('a reply')
  return reply
}
