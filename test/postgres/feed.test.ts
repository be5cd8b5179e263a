import { randomUUID } from 'node:crypto'
import type { Revocation, Store } from '@sallyport/core/store'
import { type EmbeddedDatabase, postgresStore } from '@sallyport/postgres'
import { Client } from 'pg'
import { afterAll, afterEach, expect, test } from 'vitest'
import { ofKind, START } from '../contract/fixtures.ts'
import { startPostgres } from '../support/postgres.ts'
import { storeContext } from '../support/store-context.ts'

const AT_ONCE = 150

const postgres = await startPostgres()
const url = await postgres.createDatabase()
const stores: Store[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
})
afterAll(() => postgres.stop())

async function open(
  source: { readonly url: string } | { readonly embedded: EmbeddedDatabase },
): Promise<Store> {
  const store = await postgresStore({ ...source, time: 'caller', commandTimeoutMs: 10_000 }).open(
    storeContext,
  )
  stores.push(store)
  return store
}

/** Revocations of one shard. */
function revocationsIn({ revocations }: Store, shard: number, count: number): readonly Revocation[] {
  const found: Revocation[] = []
  while (found.length < count) {
    const one: Revocation = { kind: 'token', jti: randomUUID() }
    if (revocations.shardOf(one) === shard) found.push(one)
  }
  return found
}

/** A database whose next transaction is committed only when it is let go. */
async function held(): Promise<{
  readonly embedded: EmbeddedDatabase
  readonly isDone: Promise<void>
  hold(): void
  letGo(): void
  end(): Promise<void>
}> {
  const client = new Client({ connectionString: url })
  await client.connect()
  const gate = withResolvers()
  const done = withResolvers()
  let isHeld = false
  const query = (text: string, values: unknown[] = []) => client.query<object>(text, values)
  return {
    isDone: done.promise,
    hold() {
      isHeld = true
    },
    letGo: gate.resolve,
    end: () => client.end(),
    embedded: {
      query,
      async transaction(work) {
        await query('BEGIN')
        const result = await work({ query })
        if (isHeld) {
          done.resolve()
          await gate.promise
        }
        await query('COMMIT')
        return result
      },
    },
  }
}

function withResolvers(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = (): void => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

test('a reader misses none that has its position before another one and is committed after it', async () => {
  const slow = await held()
  const [one, other] = [await open({ embedded: slow.embedded }), await open({ url })]
  const [first, second] = revocationsIn(other, 3, 2) as [Revocation, Revocation]
  const { position } = ofKind(await other.revocations.pull(3, 0), 'pulled')

  slow.hold()
  const committedLate = one.revocations.revoke(first, START)
  await slow.isDone
  const after = other.revocations.revoke(second, START)
  const meanwhile = ofKind(await other.revocations.pull(3, position), 'pulled')
  slow.letGo()
  await Promise.all([committedLate, after])

  const then = ofKind(await other.revocations.pull(3, meanwhile.position), 'pulled')
  expect([...meanwhile.revocations, ...then.revocations]).toEqual([first, second])
  await slow.end()
})

test('a reader that keeps up with many writers reads all of them, each once, and the digest fits', async () => {
  const writers = [await open({ url }), await open({ url })] as const
  const reader = await open({ url })
  const all = revocationsIn(reader, 5, AT_ONCE)
  let { position, mark } = ofKind(await reader.revocations.pull(5, 0), 'pulled')
  let { digest } = mark
  const read: Revocation[] = []
  let isOver = false
  const written = Promise.all(
    all.map((one, index) => (writers[index % 2] as Store).revocations.revoke(one, START)),
  ).then(() => {
    isOver = true
  })
  for (let isLast = false; !isLast; ) {
    isLast = isOver
    const page = ofKind(await reader.revocations.pull(5, position), 'pulled')
    read.push(...page.revocations)
    digest ^= page.digest
    position = page.position
    mark = page.mark
    expect(digest).toBe(mark.digest)
  }
  await written
  expect(new Set(read)).toEqual(new Set(all))
  expect(read).toHaveLength(AT_ONCE)
})
