import { randomUUID } from 'node:crypto'
import {
  type DeadLetter,
  type OutboxMessage,
  type OutboxStore,
  SESSION_ENDED,
  type Store,
} from '@sallyport/core/store'
import { expect } from 'vitest'
import { newSubject, ofKind, opened, opening, type Subject } from './fixtures.ts'
import { type Deed, PROCESSES, RECEIVERS, type Receiver, type Step, SUBJECTS } from './outbox.story.ts'

/** An empty place whose clock is that of the caller, where its store has one. */
export interface Stage {
  /** The same place, as processes see it. */
  readonly stores: readonly [Store, ...Store[]]
  /** When messages are dropped, after they were appended. */
  readonly keptMs: number
  /** What the clock of the caller does not turn: ends the right to send. */
  lapse(): Promise<void>
  /** What the clock of the caller does not turn: makes all messages older than they are kept. */
  age(): Promise<void>
}

const LEASE_MS = 5000

/** A message, as the model knows it. */
interface Known {
  readonly subject: Subject
  /** Its place among those of its subject. */
  readonly turn: number
  readonly kind: string
  readonly session: string | undefined
  readonly at: number
  id: string | undefined
  isGone: boolean
  /** Those that must get it, those that were given it, and those that need it no more. */
  readonly due: Set<Receiver>
  readonly given: Set<Receiver>
  readonly settled: Set<Receiver>
}

interface Process {
  readonly outbox: OutboxStore
  readonly store: Store
  holder: string
  readonly receivers: Set<Receiver>
  last: (() => Promise<unknown>) | undefined
}

interface Claim {
  readonly holder: string
  readonly kind: string
}

/**
 * Plays a story, and compares it with what must hold: nothing is lost before its time, nothing comes out of order to a
 * receiver, nothing that is settled comes again, one process has the right to send, and every dead letter is shown once.
 */
export async function play(stage: Stage, steps: readonly Step[]): Promise<void> {
  const subjects = Array.from({ length: SUBJECTS }, newSubject)
  const known = new Map<string, Known>()
  const letters = new Map<string, DeadLetter>()
  const enrolled = new Set<Receiver>()
  let now = Date.now()
  let holder: string | undefined

  const processes = Array.from({ length: PROCESSES }, (_, index): Process => {
    const store = stage.stores[index % stage.stores.length] ?? stage.stores[0]
    if (store.outbox === undefined) throw new TypeError('the store has no outbox')
    return {
      ...{ outbox: store.outbox, store, holder: randomUUID() },
      ...{ receivers: new Set<Receiver>(['first', 'second']), last: undefined },
    }
  })
  const [some] = processes
  if (some === undefined) throw new TypeError('there are processes')

  async function enroll({ outbox }: Process, receiver: Receiver): Promise<void> {
    ofKind(await outbox.enroll(receiver), 'enrolled')
    enrolled.add(receiver)
  }

  /** It is known before the store has it, since others may read it at once. */
  function expectMessage(about: number, key: string, kind: string, session?: string): void {
    const subject = subjects[about]
    if (subject === undefined) throw new TypeError('there are subjects')
    const turn = [...known.values()].filter((one) => one.subject === subject).length
    known.set(key, {
      ...{ subject, turn, kind, session, at: now, id: undefined, isGone: false },
      ...{ due: new Set(enrolled), given: new Set(), settled: new Set() },
    })
  }

  async function append({ outbox }: Process, about: number): Promise<void> {
    const body = randomUUID()
    expectMessage(about, body, 'change')
    const { name = '' } = subjects[about] ?? {}
    ofKind(await outbox.append({ kind: 'change', subject: name, body }, now), 'appended')
  }

  async function end({ store }: Process, about: number): Promise<void> {
    const subject = subjects[about]
    if (subject === undefined) throw new TypeError('there are subjects')
    const { id } = await opened(store, opening(subject, { at: now }))
    expectMessage(about, id, SESSION_ENDED, id)
    ofKind(await store.sessions.end({ id, at: now, evenIfAbsent: false }), 'ended')
  }

  async function readAll({ outbox }: Process, receiver: Receiver, most: number) {
    const all: OutboxMessage[] = []
    for (const lane of ofKind(await outbox.heads(), 'heads').heads.keys())
      for (let after: string | undefined, more = true; more; ) {
        const query = { receiver, lane, most, at: now, ...(after === undefined ? {} : { after }) }
        const reading = ofKind(await outbox.read(query), 'read')
        expect(reading.damaged).toEqual([])
        expect(reading.messages.length).toBeLessThanOrEqual(most)
        all.push(...reading.messages)
        more = reading.more
        after = reading.last ?? after
      }
    return all
  }

  /** @param isQuiet nobody did anything else meanwhile */
  function judge(receiver: Receiver, messages: readonly OutboxMessage[], isQuiet: boolean): void {
    const turns = new Map<Subject, number>()
    for (const message of messages) {
      const one = known.get(message.body || (message.session ?? ''))
      if (one === undefined) throw new TypeError('nobody appended it')
      one.id ??= message.id
      const { subject, kind, session, at, id } = one
      expect(message).toEqual({
        ...{ id, kind, subject: subject.name, at, body: kind === SESSION_ENDED ? '' : message.body },
        ...(session === undefined ? {} : { session }),
      })
      if (one.isGone) throw new TypeError('it is too old')
      if (one.settled.has(receiver)) throw new TypeError('what was settled came again')
      if (one.turn <= (turns.get(subject) ?? -1)) throw new TypeError('it is out of order')
      turns.set(subject, one.turn)
      one.due.add(receiver)
      one.given.add(receiver)
    }
    const came = new Set(messages.map(({ id }) => id))
    const isMissing = (one: Known): boolean =>
      !one.isGone && one.due.has(receiver) && !one.settled.has(receiver) && !came.has(one.id ?? '')
    if (isQuiet && [...known.values()].some(isMissing)) throw new TypeError('a message is lost')
  }

  const givenTo = (receiver: Receiver): readonly Known[] =>
    [...known.values()].filter(({ given }) => given.has(receiver))

  async function settle(
    process: Process,
    receiver: Receiver,
    settled: readonly Known[],
    buried: readonly Known[],
    then: (effect: () => void) => void,
  ): Promise<void> {
    const dead = buried.map(({ id = '', kind, subject, session, at }) => {
      const letter: DeadLetter = letters.get(`${receiver} ${id}`) ?? {
        ...{ id, kind, subject: subject.name, at, receiver, diedAt: now, reason: 'refused' },
        ...(session === undefined ? {} : { session }),
      }
      letters.set(`${receiver} ${id}`, letter)
      return letter
    })
    const ids = settled.map(({ id = '' }) => id)
    const receivers = [...process.receivers]
    process.last = () => process.outbox.settle({ receiver, settled: ids, dead, receivers })
    expect(await process.last()).toEqual({ kind: 'settled', forgotten: [] })
    then(() => {
      for (const one of [...settled, ...buried]) one.settled.add(receiver)
    })
  }

  /** What a deed changes in the model, it hands over; `claims` gets what came of claims. */
  async function perform(
    deed: Deed,
    isQuiet: boolean,
    then: (effect: () => void) => void,
    claims: Claim[],
  ): Promise<void> {
    const process = processes[deed.by] ?? some
    const isReceiver = 'to' in deed && enrolled.has(deed.to) && process?.receivers.has(deed.to)
    if (process === undefined || ('to' in deed && !isReceiver)) return
    switch (deed.do) {
      case 'append':
        return append(process, deed.about)
      case 'end':
        return end(process, deed.about)
      case 'read':
        return judge(deed.to, await readAll(process, deed.to, deed.most), isQuiet)
      case 'settle': {
        const given = givenTo(deed.to)
        const chosen = deed.picks.flatMap((pick) => given[pick % given.length] ?? [])
        return settle(process, deed.to, chosen, [], then)
      }
      case 'bury': {
        const given = givenTo(deed.to)
        return settle(process, deed.to, [], given.slice(deed.pick % (given.length || 1)).slice(0, 1), then)
      }
      case 'again':
        await process.last?.()
        return
      case 'claim': {
        const { kind } = await process.outbox.claim(process.holder, LEASE_MS, now)
        claims.push({ holder: process.holder, kind })
      }
    }
  }

  function judgeClaims(claims: readonly Claim[]): void {
    const winners = new Set(claims.filter(({ kind }) => kind === 'claimed').map((claim) => claim.holder))
    const hasAsked = claims.some((claim) => claim.holder === holder)
    if (holder !== undefined) expect([...winners]).toEqual(hasAsked ? [holder] : [])
    else expect(winners.size).toBe(claims.length === 0 ? 0 : 1)
    const [winner] = winners
    holder ??= winner
  }

  async function race(lines: readonly (readonly Deed[])[]): Promise<void> {
    const effects: (() => void)[] = []
    const claims: Claim[] = []
    await Promise.all(
      lines.map(async (line) => {
        for (const deed of line) await perform(deed, false, (effect) => void effects.push(effect), claims)
      }),
    )
    for (const effect of effects) effect()
    judgeClaims(claims)
    for (const receiver of enrolled) judge(receiver, await readAll(some as Process, receiver, 4), true)
  }

  async function take(step: Step): Promise<void> {
    switch (step.do) {
      case 'race':
        return race(step.lines)
      case 'lapse':
        now += LEASE_MS + 1
        holder = undefined
        return stage.lapse()
      case 'age':
        now += 2 * stage.keptMs
        holder = undefined
        for (const one of known.values()) one.isGone = true
        await stage.lapse()
        return stage.age()
      case 'release': {
        const process = processes[step.by] ?? some
        if (process === undefined) return
        ofKind(await process.outbox.release(process.holder), 'released')
        if (holder === process.holder) holder = undefined
        return
      }
      case 'crash': {
        const process = processes[step.by]
        if (process !== undefined) Object.assign(process, { holder: randomUUID(), last: undefined })
        return
      }
      case 'add': {
        const process = processes[step.by] ?? some
        if (process === undefined) return
        await enroll(process, step.to)
        process.receivers.add(step.to)
        return
      }
      case 'remove':
        processes[step.by]?.receivers.delete(step.to)
        return
      default: {
        const claims: Claim[] = []
        await perform(step, true, (effect) => effect(), claims)
        judgeClaims(claims)
      }
    }
  }

  for (const receiver of ['first', 'second'] as const) await enroll(some, receiver)
  for (const step of steps) await take(step)

  const { letters: shown } = ofKind(await some.outbox.deadLetters(), 'read')
  const inOrder = (all: Iterable<DeadLetter>) =>
    [...all].sort((one, two) => `${one.receiver} ${one.id}`.localeCompare(`${two.receiver} ${two.id}`))
  expect(inOrder(shown)).toEqual(inOrder(letters.values()))

  // Everybody gets what is left, and nothing stays behind.
  for (const receiver of RECEIVERS) {
    if (!enrolled.has(receiver)) continue
    judge(receiver, await readAll(some, receiver, 3), true)
    some.receivers.add(receiver)
  }
  for (const receiver of enrolled) await settle(some, receiver, givenTo(receiver), [], (effect) => effect())
  for (const receiver of enrolled) expect(await readAll(some, receiver, 3)).toEqual([])
  // What is too old may lie there until it is cleaned up.
  if ([...known.values()].every(({ isGone }) => !isGone))
    expect(ofKind(await some.outbox.heads(), 'heads').heads.size).toBe(0)
}
