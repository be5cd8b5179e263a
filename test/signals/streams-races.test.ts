import { memoryStore, type StoreDriver } from '@sallyport/core'
import type { DocumentStore } from '@sallyport/core/store'
import { afterEach, expect, test } from 'vitest'
import { type Managed, startManaged } from './managing.ts'

const open: Managed[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

/** A transmitter whose store keeps documents in another way, and another receiver that fetches everything. */
async function scene(around: (documents: DocumentStore) => DocumentStore) {
  const store: StoreDriver = {
    ...memoryStore(),
    async open(context) {
      const { documents, ...rest } = await memoryStore().open(context)
      return { ...rest, ...(documents && { documents: around(documents) }) }
    },
  }
  const one = await startManaged({
    store,
    others: [{ audience: 'all', name: 'all', reader: 'service:all' }],
  })
  open.push(one)
  const key = await one.keyOf('service:all', 'ssf.manage')
  const poll = async (id: string, ack: readonly string[], token?: string) => {
    const { body } = await one.ask('POST', `/ssf/poll/${id}`, { returnImmediately: true, ack }, token)
    return Object.keys(body.sets)
  }
  /** A session ends, and the other receiver has fetched that, so that nothing is kept for nobody. */
  async function endAndFetch(): Promise<void> {
    await one.endOne('alice')
    const fetched = await poll('all', [], key)
    expect(fetched).toHaveLength(1)
    await poll('all', fetched, key)
  }
  return { one, poll, endAndFetch }
}

test('answers of the store that are late, however many, take nothing from a stream that was set up meanwhile', async () => {
  let [waiting, release, held] = [0, (): void => {}, undefined as Promise<void> | undefined]
  const { one, poll, endAndFetch } = await scene((documents) => ({
    ...documents,
    async read(names) {
      const reading = await documents.read(names)
      waiting++
      await held
      return reading
    },
  }))
  held = new Promise((resolve) => {
    release = resolve
  })
  waiting = 0
  const late = [one.ask('GET', '/ssf/stream'), one.ask('GET', '/ssf/stream'), one.ask('GET', '/ssf/stream')]
  await expect.poll(() => waiting).toBeGreaterThanOrEqual(late.length)
  held = undefined
  const { status, body } = await one.ask('POST', '/ssf/stream', {})
  expect(status).toBe(201)
  release()
  for (const answer of await Promise.all(late)) expect(answer.body).toEqual([])
  await endAndFetch()
  expect(await poll(body.stream_id, [])).toHaveLength(1)
})

test('a stream that the store kept before it went away gets what happens from then on', async () => {
  let isAway = true
  const { one, poll, endAndFetch } = await scene((documents) => ({
    ...documents,
    async swap(swap) {
      const outcome = await documents.swap(swap)
      return isAway ? { kind: 'unavailable' } : outcome
    },
  }))
  expect((await one.ask('POST', '/ssf/stream', {})).status).toBe(503)
  isAway = false
  await endAndFetch()
  const { body } = await one.ask('GET', '/ssf/stream')
  const [stream] = body as unknown as readonly { readonly stream_id: string }[]
  expect(await poll(stream?.stream_id ?? '', [])).toHaveLength(1)
})
