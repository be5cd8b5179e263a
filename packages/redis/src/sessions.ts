import {
  isSessionId,
  type Lifetimes,
  type Session,
  type SessionStore,
  type SubjectTag,
  sessionIdFrom,
  tagOfSession,
  type Unavailable,
} from '@sallyport/core/store'
import {
  ownBytes,
  packGrant,
  packNewSession,
  packRotation,
  tagBytes,
  unpackRotation,
  unpackSession,
} from './codec.ts'
import type { Commands, Reply } from './commands.ts'
import type { Confirmations } from './confirmations.ts'
import type { Layout } from './layout.ts'
import type { Argument } from './scripts.ts'

/** Before a session's own bytes, the name of the field with its lasting part: see `prelude.lua`. */
const LASTING = Buffer.from('.')
const UNAVAILABLE: Unavailable = { kind: 'unavailable' }

export interface SessionParts {
  readonly commands: Commands
  readonly layout: Layout
  /** What every script that changes something gets first: see `begin` in `prelude.lua`. */
  readonly beginning: (shard: number, at: number) => string
  /** The instant, or nothing where the server's own counts. */
  readonly instant: (at: number) => Argument
}

/** Sessions in Redis: each method is one script on the hash of one subject. */
export function createRedisSessions(
  { commands, layout, beginning, instant }: SessionParts,
  confirmations: Confirmations,
): SessionStore {
  const place = (tag: SubjectTag): { keys: string[]; shard: number } => {
    const shard = layout.shardOfTag(tag)
    return { keys: [layout.user(tag), layout.feed(shard), layout.meta(shard)], shard }
  }
  const lifetime = ({ idleMs, absoluteMs }: Lifetimes): readonly Argument[] => [idleMs, absoluteMs]

  return {
    async open({ id, tag, grant, binding, ip, at, lifetimes, sessionLimit }) {
      const { keys, shard } = place(tag)
      const lasting = packGrant(grant)
      const moving = packNewSession(grant, binding, ip)
      const answer = await commands.runDurably('open', shard, keys, [
        beginning(shard, at),
        tagBytes(tag),
        ownBytes(id),
        moving,
        lasting,
        grant.subject,
        ...lifetime(lifetimes),
        sessionLimit,
      ])
      if (answer.kind === 'unavailable') return answer
      const [packed, issueFrom, ...ended] = list(answer.value)
      return {
        kind: 'opened',
        session: unpackSession(id, grant.subject, bytes(packed), lasting),
        issueFrom: Number(bytes(issueFrom)),
        ended: ended.map((own) => sessionIdFrom(tag, bytes(own).toString('base64url'))),
      }
    },

    async rotate(rotation) {
      confirmations.flush()
      const tag = tagOfSession(rotation.id)
      const { keys, shard } = place(tag)
      const answer = await commands.runDurably('rotate', shard, keys, [
        beginning(shard, rotation.at),
        packRotation(rotation),
        ...(rotation.client === undefined ? [] : [rotation.client]),
      ])
      return answer.kind === 'unavailable' ? answer : unpackRotation(rotation.id, bytes(answer.value))
    },

    async read(id) {
      const tag = tagOfSession(id)
      const own = ownBytes(id)
      const lastingField = Buffer.concat([LASTING, own])
      const shard = layout.shardOfTag(tag)
      const answer = await commands.call(shard, 'hmget', layout.user(tag), own, lastingField, '@')
      if (answer.kind === 'unavailable') return answer
      const [packed, lasting, subject] = list(answer.value)
      if (!Buffer.isBuffer(packed) || !Buffer.isBuffer(lasting)) return { kind: 'unknown' }
      return { kind: 'read', session: unpackSession(id, String(subject), packed, lasting) }
    },

    confirm: confirmations.add,

    async end({ id, at, evenIfAbsent }) {
      if (!isSessionId(id)) return endForeign(id, at, evenIfAbsent)
      const { keys, shard } = place(tagOfSession(id))
      const args = [beginning(shard, at), tagBytes(tagOfSession(id)), ownBytes(id), evenIfAbsent ? 1 : 0]
      const answer = await commands.runDurably('end', shard, keys, args)
      if (answer.kind === 'unavailable') return answer
      return Buffer.isBuffer(answer.value)
        ? { kind: 'ended', subject: answer.value.toString() }
        : { kind: 'absent' }
    },

    async endSubject({ tag, at, lifetimes, except }) {
      const { keys, shard } = place(tag)
      const kept = except === undefined ? ['', tag, ''] : [ownBytes(except), tag, except]
      const args = [beginning(shard, at), tagBytes(tag), ...lifetime(lifetimes), ...kept]
      const answer = await commands.runDurably('end-subject', shard, keys, args)
      if (answer.kind === 'unavailable') return answer
      const [notBefore, packed, lasting, subject, ...ended] = list(answer.value).map(bytes)
      const survivor =
        except === undefined || !packed?.length || lasting === undefined
          ? undefined
          : unpackSession(except, String(subject), packed, lasting)
      return {
        kind: 'ended',
        sessions: ended.map((one) => sessionIdFrom(tag, one.toString('base64url'))),
        revocation: {
          kind: 'subject',
          tag,
          notBefore: Number(notBefore),
          ...(except === undefined ? {} : { except }),
        },
        ...(survivor === undefined ? {} : { kept: survivor }),
      }
    },

    async list({ tag, at, lifetimes }) {
      const shard = layout.shardOfTag(tag)
      const answer = await commands.run(
        'list',
        shard,
        [layout.user(tag)],
        [instant(at), ...lifetime(lifetimes)],
      )
      if (answer.kind === 'unavailable') return answer
      const [subject, ...fields] = list(answer.value).map(bytes)
      const sessions: Session[] = []
      for (let at = 0; at + 2 < fields.length; at += 3) {
        const [own, packed, lasting] = fields.slice(at, at + 3)
        if (own !== undefined && packed !== undefined && lasting !== undefined)
          sessions.push(
            unpackSession(sessionIdFrom(tag, own.toString('base64url')), String(subject), packed, lasting),
          )
      }
      return { kind: 'listed', sessions: sessions.sort((a, b) => b.createdAt - a.createdAt) }
    },
  }

  /** A session of somebody else's making has no record here, but its tokens can be refused. */
  async function endForeign(
    id: string,
    at: number,
    evenIfAbsent: boolean,
  ): Promise<{ readonly kind: 'absent' } | Unavailable> {
    if (!evenIfAbsent) return { kind: 'absent' }
    const shard = layout.shardOf({ kind: 'session', session: id })
    const keys = [layout.feed(shard), layout.meta(shard)]
    const answer = await commands.runDurably('revoke', shard, keys, [beginning(shard, at), `s:${id}`])
    return answer.kind === 'unavailable' ? UNAVAILABLE : { kind: 'absent' }
  }
}

function list(reply: Reply): readonly Reply[] {
  if (!Array.isArray(reply)) throw new Error('a script gave no list')
  return reply
}

function bytes(reply: Reply | undefined): Buffer {
  if (!Buffer.isBuffer(reply)) throw new Error('a script gave no text')
  return reply
}
