import { createSallyport, memoryStore, type Sallyport, type SallyportEvent } from '@sallyport/core'
import { type Delivery, gateOf, type OutboxMessage } from '@sallyport/core/adapter'
import type { OutboxStore, Store } from '@sallyport/core/store'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { storeContext } from '../support/store-context.ts'

const PROCESSES = 3
const RECEIVERS = ['a', 'b'] as const
const HISTORIES = 30
/** A machine that is busy plays fewer. */
const LONGEST_MS = 15_000
/** Until everything has been sent: a right to send that was left, and the next look after an outage. */
const SETTLED_MS = 60_000

type Mood = 'well' | 'away' | 'hangs' | 'slow' | 'refuses'
type Move =
  | { readonly do: 'append'; readonly by: number; readonly about: number }
  | { readonly do: 'pass'; readonly milliseconds: number }
  | { readonly do: 'mood'; readonly of: (typeof RECEIVERS)[number]; readonly mood: Mood }
  /** The process is gone, without a word, and another one takes its place. */
  | { readonly do: 'crash'; readonly by: number }
  | { readonly do: 'stop'; readonly by: number }
  /** From now on, each answer of the store takes the process so long. */
  | { readonly do: 'delay'; readonly by: number; readonly milliseconds: number }
  | { readonly do: 'outage'; readonly isAway: boolean }

const by = fc.nat(PROCESSES - 1)
const constant = <const T>(value: T) => fc.constant(value)
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: constant('append'), by, about: fc.nat(2) }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: constant('pass'), milliseconds: fc.constantFrom(1, 20, 300, 2000, 7000) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ do: constant('mood'), of: fc.constantFrom(...RECEIVERS) },
      mood: fc.constantFrom<Mood>('well', 'away', 'hangs', 'slow', 'refuses'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('crash' as const, 'stop' as const), by }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: constant('delay'), by, milliseconds: fc.constantFrom(0, 0, 50, 2000, 6000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: constant('outage'), isAway: fc.boolean() }) },
)

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const never = new Promise<never>(() => {})
const later = (milliseconds: number): Promise<void> =>
  milliseconds === 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Plays a history with processes that share a store in memory, and throws what must not happen. */
async function play(moves: readonly Move[], wrong: (outbox: OutboxStore) => OutboxStore = (one) => one) {
  const shared = await memoryStore().open({ ...storeContext, outbox: { keptMs: 90_000_000 } })
  const real = wrong(shared.outbox as OutboxStore)
  const faults: string[] = []
  const moods = new Map<string, Mood>(RECEIVERS.map((name) => [name, 'well']))
  let isAway = false
  /** Who has the right to send, by what the store answered. */
  let lease = { process: -1, until: 0 }
  const appended: { readonly about: number; readonly body: string }[] = []
  /** What each receiver was done with, and what the store knows to be settled. */
  const [done, dead] = [new Set<string>(), new Set<string>()]
  const settledIds = new Set<string>()
  const told: SallyportEvent[] = []

  function judge(name: string, process: number, { id, body }: OutboxMessage): void {
    const now = performance.now()
    if (lease.process !== process && lease.until > now)
      faults.push(`${process} sends, as ${lease.process} may`)
    if (settledIds.has(`${name} ${id}`)) faults.push(`${name} gets ${body} again, which was settled`)
    const about = appended.find((one) => one.body === body)?.about
    const before = appended.filter((one) => one.about === about)
    const earlier = before.slice(
      0,
      before.findIndex((one) => one.body === body),
    )
    for (const one of earlier)
      if (!done.has(`${name} ${one.body}`)) faults.push(`${name} gets ${body} before ${one.body}`)
  }

  async function receive(name: string, process: Process, message: OutboxMessage): Promise<Delivery> {
    if (process.isGone) return never
    judge(name, process.number, message)
    const mood = moods.get(name)
    if (mood === 'hangs') return never
    if (mood === 'away') return { kind: 'retry', reason: 'http_503' }
    if (mood === 'slow') await later(1000)
    done.add(`${name} ${message.body}`)
    if (mood !== 'refuses') return process.isGone ? never : { kind: 'delivered' }
    dead.add(`${name} ${message.body}`)
    return process.isGone ? never : { kind: 'refused', reason: 'http_400' }
  }

  interface Process {
    readonly number: number
    isGone: boolean
    delayMs: number
    sallyport: Sallyport | undefined
  }

  /** The outbox as one process sees it. */
  function seenBy(process: Process): OutboxStore {
    async function ask<Outcome>(step: () => Promise<Outcome>): Promise<Outcome | { kind: 'unavailable' }> {
      if (process.isGone) return never
      // A step may come late to the store, or its answer to the process.
      await later(Math.floor(process.delayMs / 2))
      if (isAway) return { kind: 'unavailable' }
      const outcome = await step()
      await later(Math.ceil(process.delayMs / 2))
      return process.isGone ? never : outcome
    }
    return {
      enroll: (name) => ask(() => real.enroll(name)),
      dismiss: (name) => ask(() => real.dismiss(name)),
      append: (draft, at) => real.append(draft, at),
      heads: () => ask(() => real.heads()),
      read: (query) => ask(() => real.read(query)),
      deadLetters: () => ask(() => real.deadLetters()),
      forget: (subject, at) => ask(() => real.forget(subject, at)),
      settle: (what) =>
        ask(async () => {
          const outcome = await real.settle(what)
          for (const id of [...what.settled, ...what.dead.map((letter) => letter.id)])
            settledIds.add(`${what.receiver} ${id}`)
          return outcome
        }),
      claim: (holder, forMs) =>
        ask(async () => {
          const outcome = await real.claim(holder, forMs, performance.now())
          if (outcome.kind === 'claimed')
            lease = { process: process.number, until: performance.now() + forMs }
          return outcome
        }),
      release: (holder) =>
        ask(async () => {
          if (lease.process === process.number) lease = { process: -1, until: 0 }
          return real.release(holder)
        }),
    }
  }

  let started = 0
  async function start(): Promise<Process> {
    const process: Process = { number: started++, isGone: false, delayMs: 0, sallyport: undefined }
    const store: Store = { ...shared, outbox: seenBy(process) }
    process.sallyport = await createSallyport({
      secret: 'abcdefghijklmnopqrstuvwxyz012345',
      store: { name: 'shared memory', shared: true, open: () => Promise.resolve(store) },
      outbox: {},
    })
    process.sallyport.on('event', (event) => void told.push(event))
    for (const name of RECEIVERS)
      gateOf(process.sallyport).outbox.push({
        ...{ name, kinds: new Set(['change']) },
        deliver: (message) => receive(name, process, message),
      })
    return process
  }

  const running: Process[] = []
  for (let number = 0; number < PROCESSES; number++) running.push(await start())

  async function take(one: Move): Promise<unknown> {
    const process = 'by' in one ? running[one.by] : undefined
    switch (one.do) {
      case 'append': {
        const body = `${appended.length}`
        appended.push({ about: one.about, body })
        const { outbox } = gateOf(process?.sallyport as Sallyport)
        return outbox.append({ kind: 'change', subject: `user ${one.about}`, body })
      }
      case 'pass':
        return vi.advanceTimersByTimeAsync(one.milliseconds)
      case 'mood':
        return moods.set(one.of, one.mood)
      case 'delay':
        if (process !== undefined) process.delayMs = one.milliseconds
        return
      case 'outage':
        isAway = one.isAway
        return
      case 'stop':
        void process?.sallyport?.close()
        running[one.by] = await start()
        return
      case 'crash':
        if (process !== undefined) process.isGone = true
        running[one.by] = await start()
        return
    }
  }

  for (const one of moves) await take(one)
  isAway = false
  for (const process of running) process.delayMs = 0
  for (const name of RECEIVERS) moods.set(name, 'well')
  await vi.advanceTimersByTimeAsync(SETTLED_MS)
  for (const { body } of appended)
    for (const name of RECEIVERS) if (!done.has(`${name} ${body}`)) faults.push(`${name} never got ${body}`)
  const heads = await real.heads()
  if (heads.kind === 'heads' && heads.heads.size > 0) faults.push('something stays behind')
  const letters = await real.deadLetters()
  const inLetters = letters.kind === 'read' ? letters.letters.length : 0
  const failures = told.filter(({ event }) => event === 'delivery.failed').length
  // Whoever refused one may have got it from a process that could not tell, and taken it the next time.
  if (inLetters > dead.size || failures > dead.size) faults.push('what was taken is a dead letter')
  const closing = Promise.all(running.map(({ sallyport }) => sallyport?.close()))
  await vi.advanceTimersByTimeAsync(10_000)
  await closing
  await shared.close()
  vi.clearAllTimers()
  expect(faults).toEqual([])
}

const histories = fc.array(move, { maxLength: 25 })
/** It lost the right to send, and got it back when another process had sent everything. */
const OUT_OF_TOUCH: readonly Move[] = [
  { do: 'append', by: 0, about: 0 },
  { do: 'delay', by: 0, milliseconds: 2000 },
  { do: 'pass', milliseconds: 7000 },
]

test('whatever processes, receivers and the store go through, all is sent in order, by one process at a time', async () => {
  await fc.assert(
    fc.asyncProperty(histories, (moves) => play(moves)),
    { numRuns: HISTORIES, examples: [[OUT_OF_TOUCH]], interruptAfterTimeLimit: LONGEST_MS },
  )
})

test.each<[string, (outbox: OutboxStore) => OutboxStore]>([
  ['lets two processes send', (outbox) => ({ ...outbox, claim: async () => ({ kind: 'claimed' }) })],
  [
    'forgets what was settled',
    (outbox) => ({ ...outbox, settle: async () => ({ kind: 'settled', forgotten: [] }) }),
  ],
  [
    'reads backwards',
    (outbox) => ({
      ...outbox,
      async read(query) {
        const outcome = await outbox.read(query)
        return outcome.kind === 'read' ? { ...outcome, messages: outcome.messages.toReversed() } : outcome
      },
    }),
  ],
])('a store that %s is found', async (_fault, wrong) => {
  const found = await fc.check(
    fc.asyncProperty(histories, (moves) => play(moves, wrong)),
    { numRuns: 3 * HISTORIES, endOnFailure: true },
  )
  expect(found.failed).toBe(true)
})
