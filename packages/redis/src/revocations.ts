import {
  concernsToken,
  earliestBurntFirst,
  isSessionId,
  type Random,
  type Revocation,
  type RevocationStore,
  type SessionId,
  type SubjectTag,
  tagOfSession,
} from '@sallyport/core/store'
import { decodeMember, digestOfMember, encodeMember, notBeforeMark, readMark } from './feed-codec.ts'
import { fieldOf } from './fields.ts'
import type { News } from './news.ts'
import type { Argument } from './scripts.ts'
import type { ServerTime } from './server-time.ts'
import type { SessionParts } from './session-parts.ts'
import { Unreadable } from './unreadable.ts'

/** Most revocations that one pull returns. The next pull fetches the rest. */
const MAX_PULLED = 1000
/** Most revocations that one script asserts, since it holds up the server. */
const MAX_ASSERTED = 50
const EPOCH_BYTES = 16
const DIGEST = /^[0-9a-f]{16}$/

/** Revocations in Redis. One sorted set per shard is the feed that processes pull, and what `check` asks. */
export function createRedisRevocations(
  { commands, layout, header }: SessionParts,
  news: News,
  time: ServerTime,
  random: Random,
): RevocationStore {
  /** The subject's hash that a revocation changes too. If it changes none, any key of the shard will do. */
  const userOf = (revocation: Revocation, shard: number): string => {
    const field = sessionIn(revocation)
    if (field !== undefined) return layout.user(tagOfSession(field))
    return revocation.kind === 'subject' ? layout.user(revocation.tag) : layout.meta(shard)
  }
  const argumentsFor = (revocation: Revocation): readonly Argument[] => {
    const session = sessionIn(revocation)
    return [
      encodeMember(revocation),
      session === undefined ? '' : fieldOf(session),
      revocation.kind === 'generation' ? revocation.generation : '',
      revocation.kind === 'subject' ? notBeforeMark(revocation) : '',
    ]
  }
  const scoreOf = (revocation: Revocation) =>
    commands.call(
      layout.shardOf(revocation),
      'zscore',
      layout.feed(layout.shardOf(revocation)),
      encodeMember(revocation),
    )

  return {
    shards: layout.shards,
    shardOf: layout.shardOf,
    shardOfSession: layout.shardOfSession,

    async revoke(revocation, at) {
      const shard = layout.shardOf(revocation)
      const keys = [layout.feed(shard), layout.meta(shard)]
      const answer = await commands.runDurably('revoke', shard, keys, [
        header(shard, at),
        encodeMember(revocation),
      ])
      return answer.kind === 'unavailable' ? answer : { kind: 'revoked' }
    },

    async pull(shard, position) {
      const sentAt = performance.now()
      const keys = [layout.feed(shard), layout.meta(shard)]
      const answer = await commands.run('pull', shard, keys, [freshEpoch(random), position, MAX_PULLED])
      if (answer.kind === 'unavailable') return answer
      const [epoch, digest, readUpTo, more, serverTime, ...rest] = Array.isArray(answer.value)
        ? answer.value
        : []
      const members = rest.filter((member) => Buffer.isBuffer(member))
      const upTo = Number(String(readUpTo))
      if (!DIGEST.test(String(digest)) || !Number.isSafeInteger(upTo))
        throw new Unreadable('the mark of a shard')
      time.observe(shard, sentAt, performance.now(), Number(String(serverTime)))
      return {
        kind: 'pulled',
        mark: { epoch: String(epoch), digest: BigInt(`0x${String(digest)}`) },
        position: upTo,
        more: more === 1,
        // A damaged member cannot be told from what somebody else wrote there.
        revocations: members.map(decodeMember).filter((one) => one !== undefined),
        digest: members.map(digestOfMember).reduce((sum, one) => sum ^ one, 0n),
      }
    },

    async assert(shard, revocations, at) {
      const ordered = earliestBurntFirst(revocations)
      for (let from = 0; from < ordered.length; from += MAX_ASSERTED) {
        const batch = ordered.slice(from, from + MAX_ASSERTED)
        const keys = [layout.feed(shard), layout.meta(shard), ...batch.map((one) => userOf(one, shard))]
        const answer = await commands.run('assert', shard, keys, [
          header(shard, at),
          ...batch.flatMap(argumentsFor),
        ])
        if (answer.kind === 'unavailable') return answer
      }
      return { kind: 'asserted' }
    },

    async check(token) {
      const { session, generation, jti, kid } = token
      const named: Revocation[] = []
      if (session !== undefined) named.push({ kind: 'session', session })
      if (session !== undefined && isSessionId(session) && generation !== undefined)
        named.push({ kind: 'generation', session, generation })
      if (jti !== undefined) named.push({ kind: 'token', jti })
      if (kid !== undefined) named.push({ kind: 'key', kid })
      const [marks, ...scores] = await Promise.all([marksOf(token.tag), ...named.map(scoreOf)])
      const isMarked =
        marks.kind === 'answered' &&
        Array.isArray(marks.value) &&
        marks.value.some((mark) => mark !== null && concernsToken(readMark(String(mark)), token))
      if (isMarked || scores.some((score) => score.kind === 'answered' && score.value !== null))
        return { kind: 'revoked' }
      const isUnavailable = [marks, ...scores].some((answer) => answer.kind === 'unavailable')
      return { kind: isUnavailable ? 'unavailable' : 'live' }
    },

    onNews(listener) {
      news.on((message) => {
        const shard = Number(message)
        if (Number.isInteger(shard)) listener(shard)
      })
      news.onGap(() => {
        for (let shard = 0; shard < layout.shards; shard++) listener(shard)
      })
    },
  }

  /** The latest mark, and the latest that excepts no session. */
  function marksOf(tag: SubjectTag) {
    return commands.call(layout.shardOfTag(tag), 'hmget', layout.user(tag), 'n', 'f')
  }
}

/** The session that a revocation ends, or a generation of which it burns. */
function sessionIn(revocation: Revocation): SessionId | undefined {
  return 'session' in revocation && isSessionId(revocation.session) ? revocation.session : undefined
}

/** A string that is unique among all processes. */
export function freshEpoch(random: Random): string {
  return Buffer.from(random(EPOCH_BYTES)).toString('base64url')
}
