import { randomBytes } from 'node:crypto'
import type { Revocation } from '@sallyport/core'
import { type RevocationStore, sessionIdFrom, tagOf } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'

export type Kind = 'sessions' | 'tokens' | 'mixed'

const AT_ONCE = 8
const SLICE = 250

/** Fills a server with live revocations, as if they had been made by many processes. */
export async function fill(redisUrl: string, kind: Kind, count: number): Promise<void> {
  const store = await redisStore({ url: redisUrl }).open({
    notice: () => {},
    random: randomBytes,
    production: false,
    // Revocations need none.
    integrityKeys: [randomBytes(32)],
  })
  const { revocations } = store
  const slices: Revocation[][][] = Array.from({ length: revocations.shards }, () => [[]])
  for (let index = 0; index < count; index++) {
    const revocation = make(kind, index)
    const shard = slices[revocations.shardOf(revocation)]
    const last = shard?.at(-1)
    if (last === undefined || last.length < SLICE) last?.push(revocation)
    else shard?.push([revocation])
  }
  const work = slices.flatMap((shard, index) => shard.map((slice) => [index, slice] as const))
  await Promise.all(Array.from({ length: AT_ONCE }, () => drain(revocations, work)))
  await store.close()
}

async function drain(
  store: RevocationStore,
  work: (readonly [number, readonly Revocation[]])[],
): Promise<void> {
  for (let next = work.pop(); next !== undefined; next = work.pop())
    await store.assert(next[0], next[1], Date.now())
}

function make(kind: Kind, index: number): Revocation {
  const which = kind === 'mixed' ? index % 4 : kind === 'sessions' ? 0 : 1
  const tag = tagOf(`user ${index}`)
  const session = sessionIdFrom(tag, randomBytes(16).toString('base64url'))
  switch (which) {
    case 0:
      return { kind: 'session', session }
    case 1:
      return { kind: 'token', jti: randomBytes(16).toString('base64url') }
    case 2:
      return { kind: 'subject', tag, notBefore: Math.floor(Date.now() / 1000) }
    default:
      return { kind: 'generation', session, generation: 3 }
  }
}
