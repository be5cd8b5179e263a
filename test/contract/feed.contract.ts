import { randomUUID } from 'node:crypto'
import type { Revocation } from '@sallyport/core'
import {
  encodeRevocation,
  type PullOutcome,
  REVOCATION_RETENTION_MS,
  type Store,
} from '@sallyport/core/store'
import { expect, test, vi } from 'vitest'
import { LIFETIMES, newId, newSubject, ofKind, opened, opening, SECOND, START } from './fixtures.ts'
import type { Here } from './store.contract.ts'

type Pulled = Extract<PullOutcome, { kind: 'pulled' }>

/** Reads a shard's feed from a position to its end. */
async function readOn(store: Store, shard: number, from = 0): Promise<Pulled & { pages: number }> {
  const found: Revocation[] = []
  let digest = 0n
  let position = from
  for (let pages = 1; ; pages++) {
    const page = ofKind(await store.revocations.pull(shard, position), 'pulled')
    found.push(...page.revocations)
    position = page.position
    digest ^= page.digest
    if (!page.more) return { ...page, revocations: found, digest, pages }
  }
}

/** The feed of revocations, as those who follow it see it. */
export function feedContract(here: Here): void {
  const tokens = (count: number): Revocation[] =>
    Array.from({ length: count }, () => ({ kind: 'token', jti: randomUUID() }))

  test('there are shards, and each revocation has one of them, the same everywhere', () => {
    const { store, other } = here()
    expect(store.revocations.shards).toBeGreaterThan(0)
    for (const one of tokens(100)) {
      const shard = store.revocations.shardOf(one)
      expect(shard).toBe(other.revocations.shardOf(one))
      expect(Number.isInteger(shard) && shard >= 0 && shard < store.revocations.shards).toBe(true)
    }
  })

  test('an empty feed has an epoch already, which stays', async () => {
    const first = ofKind(await here().store.revocations.pull(0, 0), 'pulled')
    expect(first).toMatchObject({
      mark: { digest: 0n },
      digest: 0n,
      revocations: [],
      position: 0,
      more: false,
    })
    expect(first.mark.epoch).not.toBe('')
    await here().store.revocations.revoke({ kind: 'key', kid: 'one' }, START)
    const again = ofKind(await here().other.revocations.pull(0, 0), 'pulled')
    expect(again.mark.epoch).toBe(first.mark.epoch)
  })

  test('each kind of revocation is read as it was made', async () => {
    const { store, other } = here()
    const subject = newSubject()
    const id = newId(subject)
    const ending = { tag: subject.tag, at: START, lifetimes: LIFETIMES }
    const made: Revocation[] = [
      { kind: 'token', jti: 'a:b j:c' },
      { kind: 'key', kid: 'k:1' },
      { kind: 'session', session: id },
      { kind: 'session', session: 'of another issuer: ß' },
    ]
    await store.revocations.revoke(made[0] as Revocation, START)
    await store.revocations.revoke(made[1] as Revocation, START)
    await store.sessions.end({ id, at: START, evenIfAbsent: true })
    await store.sessions.end({ id: 'of another issuer: ß', at: START, evenIfAbsent: true })
    made.push(ofKind(await store.sessions.endSubject(ending), 'ended').revocation)
    made.push(ofKind(await store.sessions.endSubject({ ...ending, except: id }), 'ended').revocation)

    const shards = Array.from({ length: store.revocations.shards }, (_, shard) => readOn(other, shard))
    const read = (await Promise.all(shards)).map((feed) => feed.revocations)
    for (const one of made) expect(read[other.revocations.shardOf(one)]).toContainEqual(one)
    expect(read.flat()).toHaveLength(made.length)
  })

  test('each revocation comes after the last, though time stands still or goes back', async () => {
    const { store } = here()
    const shard = store.revocations.shardOf({ kind: 'token', jti: 'x' })
    const made = tokens(store.revocations.shards * 30).filter(
      (one) => store.revocations.shardOf(one) === shard,
    )
    let { mark, position } = await readOn(store, shard)
    for (const [index, revocation] of made.entries()) {
      await store.revocations.revoke(revocation, START - (index % 3) * SECOND)
      const next = await readOn(store, shard, position)
      expect(next.revocations).toEqual([revocation])
      expect(next.mark).toEqual({ epoch: mark.epoch, digest: mark.digest ^ next.digest })
      expect(next.position).toBeGreaterThan(position)
      mark = next.mark
      position = next.position
    }
    expect((await readOn(store, shard)).revocations).toEqual(made)
  })

  test('what is revoked twice is fed once, and the mark does not move', async () => {
    const { store, other } = here()
    const subject = newSubject()
    const session = await opened(store, opening(subject))
    const revocation = { kind: 'session', session: session.id } as const
    const shard = store.revocations.shardOf(revocation)
    await store.sessions.end({ id: session.id, at: START, evenIfAbsent: true })
    const once = await readOn(store, shard)
    await other.sessions.end({ id: session.id, at: START + SECOND, evenIfAbsent: true })
    await other.revocations.assert(shard, [revocation, revocation], START + SECOND)
    expect(await readOn(other, shard)).toEqual(once)
    expect(once.revocations).toEqual([revocation])
  })

  test('a feed of thousands is read whole, in its order, each entry once, while more come', async () => {
    const { store, other } = here()
    const subject = newSubject()
    const all = Array.from({ length: 4501 }, (): Revocation => ({ kind: 'session', session: newId(subject) }))
    const shard = store.revocations.shardOf(all[0] as Revocation)
    expect(await store.revocations.assert(shard, all.slice(0, -1), START)).toEqual({ kind: 'asserted' })
    const first = ofKind(await other.revocations.pull(shard, 0), 'pulled')
    await store.revocations.assert(shard, all.slice(-1), START)
    const rest = await readOn(other, shard, first.position)
    expect([...first.revocations, ...rest.revocations].map(encodeRevocation)).toEqual(
      all.map(encodeRevocation),
    )
    expect(rest.mark).toEqual({ epoch: first.mark.epoch, digest: first.digest ^ rest.digest })
  })

  test('a revocation is fed until no token can live that it concerns, and the digest goes on', async () => {
    const { store } = here()
    const made = tokens(store.revocations.shards * 30)
    const shard = store.revocations.shardOf(made[0] as Revocation)
    const [first, second, third] = made.filter((one) => store.revocations.shardOf(one) === shard)
    await store.revocations.revoke(first as Revocation, START)
    const before = START + REVOCATION_RETENTION_MS - 1
    await store.revocations.revoke(second as Revocation, before)
    const both = await readOn(store, shard)
    expect(both.revocations).toEqual([first, second])
    await store.revocations.revoke(third as Revocation, before + SECOND)
    const feed = await readOn(store, shard)
    expect(feed.revocations).toEqual([second, third])
    const added = await readOn(store, shard, both.position)
    expect(feed.mark).toEqual({ epoch: both.mark.epoch, digest: both.mark.digest ^ added.digest })
  })

  test('news are announced with their shard, to every listener', async () => {
    const { store, other } = here()
    const heard = [new Set<number>(), new Set<number>()] as const
    for (const shards of heard)
      other.revocations.onNews((news) => void (news.kind === 'revoked' && shards.add(news.shard)))
    await vi.waitFor(async () => {
      const [one] = tokens(1) as [Revocation]
      await store.revocations.revoke(one, START)
      const shard = store.revocations.shardOf(one)
      await vi.waitFor(() => expect(heard.every((shards) => shards.has(shard))).toBe(true), 500)
    }, 5000)
  })
}
