import {
  type AllRevocation,
  concernsToken,
  earliestBurntFirst,
  isSessionId,
  notBeforeOf,
  type Revocation,
  type RevocationStore,
  type SessionId,
  type SubjectTag,
  type TokenIdentity,
  tagOfSession,
} from '@sallyport/core/store'
import type { Reply } from './commands.ts'
import { encodeMember, readAnnouncement, readMark } from './feed-codec.ts'
import { createFeedReader, freshEpoch, type RevocationParts } from './feeds.ts'
import { EVERYTHING, everythingUntil } from './fields.ts'

/** Most revocations that one script asserts, since it holds up the server. */
const MAX_ASSERTED = 250
/** How long a claim lasts unless it is renewed. */
const CLAIM_MS = 1000

/** Revocations in Redis. One sorted set per shard is the feed that processes pull, and what `check` asks. */
export function createRedisRevocations(parts: RevocationParts): RevocationStore {
  const { commands, layout, header, news } = parts
  const { shards } = layout
  const holder = freshEpoch(parts.random)
  /** The subject's hashes that a revocation changes too. If it changes none, any key of the shard will do. */
  const ownersOf = (revocation: Revocation, shard: number): readonly [string, string] => {
    const session = sessionIn(revocation)
    const tag =
      session !== undefined
        ? tagOfSession(session)
        : revocation.kind === 'subject'
          ? revocation.tag
          : undefined
    if (tag === undefined) return [layout.meta(shard), layout.meta(shard)]
    return [layout.user(tag), layout.apiKeys(tag)]
  }
  const scoreOf = (revocation: Revocation) =>
    commands.call(
      layout.shardOf(revocation),
      'zscore',
      layout.feed(layout.shardOf(revocation)),
      encodeMember(revocation),
    )

  return {
    ...createFeedReader(parts),
    shards: shards.length,
    shardOf: layout.shardOf,
    shardOfSession: layout.shardOfSession,
    shardOfTag: layout.shardOfTag,
    shardOfName: layout.shardOfName,

    async revoke(revocation, at) {
      const shard = layout.shardOf(revocation)
      const keys = [layout.feed(shard), layout.meta(shard)]
      const answer = await commands.runDurably('revoke', shard, keys, [
        header(shard, at),
        encodeMember(revocation),
      ])
      return answer.kind === 'unavailable' ? answer : { kind: 'revoked' }
    },

    async revokeAll(at) {
      const first = await revokeShard(0, at, 0)
      if (first === undefined) return { kind: 'unavailable' }
      // The servers of a Cluster have clocks of their own: nothing that was made by one that is ahead may be left out.
      const instants = parts.oneServer
        ? [first]
        : [first, ...(await Promise.all(shards.slice(1).map((shard) => revokeShard(shard, at, first))))]
      if (instants.includes(undefined)) return { kind: 'unavailable' }
      const until = Math.max(...instants.filter((one) => one !== undefined))
      // Whoever signs in next must get a time of issue that is good in every shard.
      const behind = shards.filter((shard) => instants[shard] !== until)
      const rest = await Promise.all(behind.map((shard) => revokeShard(shard, at, until, true)))
      if (rest.includes(undefined)) return { kind: 'unavailable' }
      return { kind: 'revoked', revocation: { kind: 'all', until } }
    },

    async claim(shard) {
      const answer = await commands.run('claim', shard, [layout.lease(shard)], [holder, CLAIM_MS])
      if (answer.kind === 'unavailable') return answer
      return { kind: answer.value === 1 ? 'claimed' : 'busy' }
    },

    async assert(shard, revocations, at) {
      const ordered = earliestBurntFirst(revocations)
      for (let from = 0; from < ordered.length; from += MAX_ASSERTED) {
        const batch = ordered.slice(from, from + MAX_ASSERTED)
        const keys = [layout.feed(shard), layout.meta(shard), ...batch.flatMap((one) => ownersOf(one, shard))]
        const answer = await commands.run('assert', shard, keys, [
          header(shard, at),
          ...batch.map(encodeMember),
        ])
        if (answer.kind === 'unavailable') return answer
      }
      return { kind: 'asserted' }
    },

    async check(token) {
      const { own, session, generation, jti, kid } = token
      const named: Revocation[] = []
      if (session !== undefined) named.push({ kind: 'session', session })
      if (session !== undefined && isSessionId(session) && generation !== undefined)
        named.push({ kind: 'generation', session, generation })
      if (jti !== undefined) named.push({ kind: 'token', jti })
      if (kid !== undefined) named.push({ kind: 'key', kid })
      const [marks, everything, ...scores] = await Promise.all([
        subjectMarks(token.tag),
        everythingIn(token),
        ...named.map(scoreOf),
      ])
      const isOver =
        own && everything.kind === 'answered' && (token.issuedAt ?? 0) <= notBeforeIn(everything.value)
      const isMarked =
        marks.kind === 'answered' &&
        Array.isArray(marks.value) &&
        marks.value.some((mark) => mark !== null && concernsToken(readMark(String(mark)), token))
      if (isOver || isMarked || scores.some((score) => score.kind === 'answered' && score.value !== null))
        return { kind: 'revoked' }
      const isUnavailable = [marks, everything, ...scores].some((answer) => answer.kind === 'unavailable')
      return { kind: isUnavailable ? 'unavailable' : 'live' }
    },

    onNews(listener) {
      news.on((message) => {
        const announced = readAnnouncement(message)
        if (announced !== undefined) listener(announced)
      })
      news.onGap(() => listener({ kind: 'gap' }))
    },
  }

  /** Resolves to the instant until which everything in a shard is over. */
  async function revokeShard(
    shard: number,
    at: number,
    least: number,
    isExact = false,
  ): Promise<number | undefined> {
    const keys = [layout.feed(shard), layout.meta(shard)]
    const answer = await commands.runDurably('revoke-all', shard, keys, [
      header(shard, at),
      least,
      isExact ? 1 : 0,
    ])
    return answer.kind === 'answered' ? Number(String(answer.value)) : undefined
  }

  /** The latest mark, and the latest that excepts no session. */
  function subjectMarks(tag: SubjectTag) {
    return commands.call(layout.shardOfTag(tag), 'hmget', layout.user(tag), 'n', 'f')
  }

  /** Until when everything in the shard of a token is over. */
  function everythingIn({ tag }: TokenIdentity) {
    const shard = layout.shardOfTag(tag)
    return commands.call(shard, 'hget', layout.meta(shard), EVERYTHING)
  }
}

function notBeforeIn(everything: Reply): number {
  const until = everythingUntil(everything)
  return Number.isFinite(until) ? notBeforeOf({ kind: 'all', until } satisfies AllRevocation) : until
}

/** The session that a revocation ends, or a generation of which it burns. */
function sessionIn(revocation: Revocation): SessionId | undefined {
  return 'session' in revocation && isSessionId(revocation.session) ? revocation.session : undefined
}
