import { randomBytes } from 'node:crypto'
import { memoryStore } from '@sallyport/core'
import type { Answer, Documents } from '@sallyport/core/adapter'
import { UnsecuredJWT } from 'jose'
import { afterEach, expect, test, vi } from 'vitest'
import { createOutbox } from '../../packages/core/src/outbox/index.ts'
import { createPollAnswers } from '../../packages/signals/src/sent/poll.ts'
import { pushReceiver } from '../../packages/signals/src/sent/push.ts'
import { createFollowing } from '../../packages/signals/src/sent/streams/follow.ts'
import { type ManagingReceiver, recordsIn } from '../../packages/signals/src/sent/streams/record.ts'
import { createStreams, type Streams } from '../../packages/signals/src/sent/streams/streams.ts'
import { createWaits } from '../../packages/signals/src/waits.ts'
import { storeContext } from '../support/store-context.ts'
import { textIn } from '../support/text-in.ts'
import { viewOf } from '../unit/view.ts'
import { startRecorder } from './recorder.ts'
import { CAEP, SSF } from './transmitter.ts'

const closing: (() => void | Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const UPDATED = `${SSF}stream-updated`
const CHANGED = `${CAEP}credential-change`
const UNAVAILABLE = { kind: 'unavailable' } as const
const patiently = { timeout: 15_000, interval: 20 }
const clock = { now: () => Date.now(), monotonic: () => performance.now() }

interface Around {
  /** Appends an update, if it does. */
  appended?: <T>(really: () => Promise<T>) => Promise<T | typeof UNAVAILABLE>
  /** It is to be noted that the receiver was told. Whether that fails. */
  noted?: () => boolean
}

/** A stream of a receiver over a store of which some steps are held up, or fail. */
async function scene({ isPolled = false } = {}) {
  const around: Around = {}
  const mine = await startRecorder()
  closing.push(mine.close)
  const store = await memoryStore().open(storeContext)
  const outbox = createOutbox({
    ...{ settings: { giveUpMs: 60_000 }, store: store.outbox, emit: () => {}, clock, random: randomBytes },
  })
  const { documents: kept } = store
  if (kept === undefined) throw new TypeError('the store keeps no documents')
  const isUntoldIn = (body: string) => recordsIn(body).some((record) => record.isUntold)
  let body = ''
  const documents: Documents = {
    ...kept,
    swap(swap) {
      const isNoted = isUntoldIn(body) && !isUntoldIn(swap.body)
      if (isNoted && around.noted?.() === true) return Promise.resolve(UNAVAILABLE)
      body = swap.body
      return kept.swap(swap)
    },
  }
  const receiver: ManagingReceiver = {
    ...{ name: 'r', audience: 'https://r.example.com', supported: new Set([CHANGED]), reader: 'r', most: 1 },
    origins: new Set([mine.url]),
  }
  const waits = createWaits()
  const sign = (_typ: string, content: object) =>
    Promise.resolve({ kind: 'signed', jwt: new UnsecuredJWT({ ...content }).encode() } as const)
  const common = { issuer: 'https://auth.example.com', sign }
  const toldOf = (id: string) => (update: string | undefined) => streams.told(receiver, id, update)
  const following = createFollowing({
    ...{ receivers: [receiver], documents, outbox, waits },
    send(subscription, _receiver, id) {
      const read = streams.reader(receiver, id)
      subscription.send(pushReceiver({ ...common, read, told: toldOf(id) }, 3000))
    },
  })
  const streams: Streams = createStreams({
    ...{ documents, following, defaultSubjects: 'ALL', maxSubjects: 10 },
    newName: () => randomBytes(16).toString('base64url'),
    outbox: {
      append(message) {
        const really = () => outbox.append(message)
        return around.appended?.(really) ?? really()
      },
    },
  })
  const push = isPolled ? {} : { push: { url: `${mine.url}/events` } }
  const created = await streams.create(receiver, push)
  if (created.kind !== 'done') throw new TypeError('no stream was made')
  const { id } = created.stream
  closing.push(
    () => store.close(),
    () => outbox.close(),
    () => waits.close(),
  )
  const answer = createPollAnswers({
    ...{ ...common, id, read: streams.reader(receiver, id), told: toldOf(id), waits },
    receiver: following.subscriptionOf(id).polled,
  })
  async function poll(ack: readonly string[] = []): Promise<{ status: number; sets: readonly string[] }> {
    const view = viewOf({ body: { kind: 'parsed', value: { returnImmediately: true, ack } } })
    const { status, body: given }: Answer = await answer(view)
    return { status, sets: Object.keys(JSON.parse(textIn(given)).sets ?? {}) }
  }
  const set = (status: 'paused' | 'enabled', reason?: string) =>
    streams.setStatus(receiver, id, status, reason, 'operator')
  const tell = () =>
    outbox.append({
      ...{ kind: 'signal', subject: 'alice' },
      body: JSON.stringify({ type: CHANGED, claims: {} }),
    })
  const updates = () => mine.received.filter(({ claims }) => UPDATED in claims.events)
  const isUntold = () => isUntoldIn(body)
  return { ...{ around, documents, id, isUntold, mine, outbox, poll, set, tell, updates }, body: () => body }
}

test('an update that arrives before the operator is answered counts as told', async () => {
  const { around, isUntold, set, tell, updates } = await scene()
  around.appended = async (really) => {
    const outcome = await really()
    await vi.waitFor(() => expect(updates()).toHaveLength(1), patiently)
    return outcome
  }
  await tell()
  expect(await set('paused')).toMatchObject({ kind: 'done' })
  await vi.waitFor(() => expect(isUntold()).toBe(false), patiently)
})

test('the operator hears that an update could not be kept, nothing waits for it, and a repetition works', async () => {
  const { around, isUntold, mine, set, tell, updates } = await scene()
  around.appended = () => Promise.resolve(UNAVAILABLE)
  expect(await set('paused')).toEqual(UNAVAILABLE)
  expect(isUntold()).toBe(false)
  await tell()
  delete around.appended
  expect(await set('paused', 'Maintenance')).toMatchObject({ kind: 'done' })
  await vi.waitFor(() => expect(updates()).toHaveLength(1), patiently)
  await vi.waitFor(() => expect(isUntold()).toBe(false), patiently)
  expect(mine.received).toHaveLength(1)
  await set('enabled')
  await vi.waitFor(() => expect(mine.received).toHaveLength(3), patiently)
})

test('an update that could not be noted is told again, with the same name', async () => {
  const { around, isUntold, set, updates } = await scene()
  let faults = 0
  around.noted = () => faults++ === 0
  await set('paused')
  await vi.waitFor(() => expect(isUntold()).toBe(false), patiently)
  expect(updates()).toHaveLength(2)
  expect(new Set(updates().map(({ claims }) => claims.jti)).size).toBe(1)
})

test('of two updates that are under way the later one counts', async () => {
  const { around, isUntold, mine, set, updates } = await scene()
  const taken = () => updates().filter(({ status }) => status === 202)
  const notedAfter: number[] = []
  around.noted = () => {
    notedAfter.push(taken().length)
    return false
  }
  mine.answer(503)
  await set('paused', 'one')
  await vi.waitFor(() => expect(updates()).not.toHaveLength(0), patiently)
  await set('paused', 'other')
  mine.answer(202)
  await vi.waitFor(() => expect(isUntold()).toBe(false), patiently)
  expect(taken().map(({ claims }) => claims.events[UPDATED])).toMatchObject([
    { reason: 'one' },
    { reason: 'other' },
  ])
  expect(notedAfter).toEqual([2])
})

test('a receiver that polls is given an update until it is noted', async () => {
  const { around, isUntold, poll, set } = await scene({ isPolled: true })
  let faults = 0
  around.noted = () => faults++ === 0
  await set('paused')
  expect((await poll()).status).toBe(503)
  expect(isUntold()).toBe(true)
  const { sets } = await poll()
  expect(sets).toHaveLength(1)
  expect(isUntold()).toBe(false)
  expect(await poll(sets)).toEqual({ status: 200, sets: [] })
})

test('an update without a name, as earlier versions appended it, is told by its status', async () => {
  const { body, documents, id, isUntold, outbox, poll } = await scene({ isPolled: true })
  // They left the name of another one where it was.
  const untold = { status: 'paused', isUntold: true, update: 'another' }
  const records = recordsIn(body()).map((record) => ({ ...record, ...untold }))
  await documents.swap({ name: 'signals.r', ifVersion: 1, body: JSON.stringify(records), dropped: [] })
  expect(isUntold()).toBe(true)
  const update = { type: UPDATED, claims: { status: 'paused' }, stream: id }
  await outbox.append({ kind: 'signal', subject: `stream ${id}`, body: JSON.stringify(update) })
  expect((await poll()).sets).toHaveLength(1)
  expect(isUntold()).toBe(false)
})
