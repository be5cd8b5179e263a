import {
  concernsToken,
  isSessionId,
  type Random,
  type Revocation,
  type RevocationStore,
  type SubjectTag,
  tagOfSession,
} from '@sallyport/core/store'
import { decodeMember, digestOfMember, encodeMember, notBeforeMark, ownBytes, readMark } from './codec.ts'
import type { News } from './news.ts'
import type { Argument } from './scripts.ts'
import type { ServerTime } from './server-time.ts'
import type { SessionParts } from './sessions.ts'

/** Most entries of one pull; the rest is fetched by the next. */
const PULLED_AT_ONCE = 2000
const ASSERTED_AT_ONCE = 500
const EPOCH_BYTES = 16

/** Revocations in Redis: one sorted set per shard, which is the feed, the record and the strict look-up in one. */
export function createRedisRevocations(
  { commands, layout, beginning }: SessionParts,
  news: News,
  time: ServerTime,
  random: Random,
): RevocationStore {
  /** The subject whose hash a revocation also touches; any of the shard's where it touches none. */
  const touched = (revocation: Revocation, shard: number): string => {
    if (revocation.kind === 'session' && isSessionId(revocation.session))
      return layout.user(tagOfSession(revocation.session))
    return revocation.kind === 'subject' ? layout.user(revocation.tag) : layout.meta(shard)
  }
  const marks = (revocation: Revocation): readonly Argument[] => [
    encodeMember(revocation),
    revocation.kind === 'session' && isSessionId(revocation.session) ? ownBytes(revocation.session) : '',
    revocation.kind === 'subject' ? notBeforeMark(revocation) : '',
  ]
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
        beginning(shard, at),
        encodeMember(revocation),
      ])
      return answer.kind === 'unavailable' ? answer : { kind: 'revoked' }
    },

    async pull(shard, position) {
      const sentAt = performance.now()
      const keys = [layout.feed(shard), layout.meta(shard)]
      const answer = await commands.run('pull', shard, keys, [freshEpoch(random), position, PULLED_AT_ONCE])
      if (answer.kind === 'unavailable') return answer
      const [known, digest, readUpTo, more, serverTime, ...rest] = Array.isArray(answer.value)
        ? answer.value
        : []
      const members = rest.filter((member) => Buffer.isBuffer(member))
      time.observe(shard, sentAt, performance.now(), Number(String(serverTime)))
      return {
        kind: 'pulled',
        mark: { epoch: String(known), digest: BigInt(`0x${String(digest)}`) },
        position: Number(String(readUpTo)),
        more: more === 1,
        revocations: members.map(decodeMember),
        digest: members.map(digestOfMember).reduce((sum, one) => sum ^ one, 0n),
      }
    },

    async assert(shard, revocations, at) {
      for (let from = 0; from < revocations.length; from += ASSERTED_AT_ONCE) {
        const some = revocations.slice(from, from + ASSERTED_AT_ONCE)
        const keys = [layout.feed(shard), layout.meta(shard), ...some.map((one) => touched(one, shard))]
        const answer = await commands.run('assert', shard, keys, [
          beginning(shard, at),
          ...some.flatMap(marks),
        ])
        if (answer.kind === 'unavailable') return answer
      }
      return { kind: 'asserted' }
    },

    async check(token) {
      const { session, jti, kid } = token
      const named: Revocation[] = []
      if (session !== undefined) named.push({ kind: 'session', session })
      if (jti !== undefined) named.push({ kind: 'token', jti })
      if (kid !== undefined) named.push({ kind: 'key', kid })
      const [mark, ...scores] = await Promise.all([markOf(token.tag), ...named.map(scoreOf)])
      const isMarked =
        mark.kind === 'answered' && mark.value !== null && concernsToken(readMark(String(mark.value)), token)
      if (isMarked || scores.some((score) => score.kind === 'answered' && score.value !== null))
        return { kind: 'revoked' }
      const isUnavailable = [mark, ...scores].some((answer) => answer.kind === 'unavailable')
      return { kind: isUnavailable ? 'unavailable' : 'live' }
    },

    onNews(listener) {
      news.on((what) => {
        const shard = Number(what)
        if (Number.isInteger(shard)) listener(shard)
      })
      news.onGap(() => {
        for (let shard = 0; shard < layout.shards; shard++) listener(shard)
      })
    },
  }

  function markOf(tag: SubjectTag) {
    return commands.call(layout.shardOfTag(tag), 'hget', layout.user(tag), 'n')
  }
}

/** A string that nobody else has. */
export function freshEpoch(random: Random): string {
  return Buffer.from(random(EPOCH_BYTES)).toString('base64url')
}
