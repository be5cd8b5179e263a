import { randomUUID } from 'node:crypto'
import type { Session } from '@sallyport/core'
import {
  type DeadLetter,
  type OutboxMessage,
  type OutboxStore,
  SESSION_ENDED,
  type Store,
} from '@sallyport/core/store'
import { expect, test } from 'vitest'
import {
  GRACE,
  HOUR,
  LIFETIMES,
  newId,
  newSubject,
  ofKind,
  opened,
  opening,
  rotated,
  rotation,
  SECOND,
  START,
  type Subject,
} from './fixtures.ts'
import type { Here } from './store.contract.ts'

/**
 * What is on its way to other services. A store that keeps none can tell nobody.
 *
 * @param many sessions of one user: more than the store takes in one slice
 */
export function outboxContract(here: Here, many: number): void {
  const partOf = ({ outbox }: Store): OutboxStore => {
    if (outbox === undefined) throw new TypeError('the store has no outbox')
    return outbox
  }
  const [one, other] = [() => partOf(here().store), () => partOf(here().other)]

  const enrolled = async (receiver: string = randomUUID()): Promise<string> => {
    ofKind(await one().enroll(receiver), 'enrolled')
    return receiver
  }

  /** Everything that waits for a receiver, lane by lane. */
  async function waiting(receiver: string, most = 100): Promise<readonly OutboxMessage[]> {
    const outbox = other()
    const all: OutboxMessage[] = []
    for (const lane of ofKind(await outbox.heads(), 'heads').heads.keys()) {
      let after: string | undefined
      for (let more = true; more; ) {
        const query = { receiver, lane, most, at: START, ...(after === undefined ? {} : { after }) }
        const reading = ofKind(await outbox.read(query), 'read')
        expect(reading.damaged).toEqual([])
        expect(reading.messages.length).toBeLessThanOrEqual(most)
        all.push(...reading.messages)
        more = reading.more
        after = reading.last ?? after
      }
    }
    return all
  }

  const settle = async (receiver: string, ids: readonly string[], dead: readonly DeadLetter[] = []) =>
    ofKind(await one().settle({ receiver, settled: ids, dead, receivers: [receiver] }), 'settled')
  const append = async (subject: Subject, body: string, session?: string) =>
    ofKind(
      await one().append(
        {
          kind: 'credential-change',
          subject: subject.name,
          body,
          ...(session === undefined ? {} : { session }),
        },
        START,
      ),
      'appended',
    )
  const told = ({ id, subject }: Pick<Session, 'id' | 'subject'>) =>
    expect.objectContaining({ kind: SESSION_ENDED, session: id, subject, body: '' })
  const sessionsIn = (messages: readonly OutboxMessage[]) => messages.map(({ session }) => session).sort()

  test('a session that ends is told once, with its subject', async () => {
    const receiver = await enrolled()
    const session = await opened(here().store, opening(newSubject()))
    expect(await waiting(receiver)).toEqual([])
    const ending = { id: session.id, at: START + SECOND, evenIfAbsent: true }
    await here().store.sessions.end(ending)
    expect(await waiting(receiver)).toEqual([told(session)])
    expect((await waiting(receiver))[0]?.at).toBe(START + SECOND)
    await here().other.sessions.end(ending)
    await here().store.sessions.endSubject({
      tag: newSubject().tag,
      at: START + SECOND,
      lifetimes: LIFETIMES,
    })
    expect(await waiting(receiver)).toHaveLength(1)
  })

  test('a session that the store does not know is told if it is revoked, and not otherwise', async () => {
    const receiver = await enrolled()
    const [left, refused] = [newId(newSubject()), newId(newSubject())]
    await here().store.sessions.end({ id: left, at: START, evenIfAbsent: false })
    await here().store.sessions.end({ id: refused, at: START, evenIfAbsent: true })
    const messages = await waiting(receiver)
    expect(sessionsIn(messages)).toEqual([refused])
    expect(messages[0]).not.toHaveProperty('subject')
    await here().store.sessions.end({ id: `urn:${randomUUID()}`, at: START, evenIfAbsent: true })
    expect(await waiting(receiver)).toHaveLength(1)
  })

  test('all ways of ending are told: by subject, by a limit, replaced, by theft and by a foreign device', async () => {
    const receiver = await enrolled()
    const { store } = here()
    const subject = newSubject()
    const ended: Session[] = [await opened(store, opening(subject)), await opened(store, opening(subject))]
    await store.sessions.endSubject({ tag: subject.tag, at: START + SECOND, lifetimes: LIFETIMES })

    const limited = newSubject()
    ended.push(await opened(store, opening(limited)))
    const later = await opened(store, opening(limited, { sessionLimit: 1, at: START + SECOND }))
    ended.push(later)
    await opened(store, opening(limited, { replaces: later.id, at: START + 2 * SECOND }))

    const stolen = await rotated(store, await opened(store, opening(newSubject())), 2)
    ended.push(stolen)
    const reuse = { generation: 1, at: START + 3 * GRACE }
    ofKind(await store.sessions.rotate(rotation(stolen, reuse)), 'reused')

    const carried = await opened(store, opening(newSubject()))
    ended.push(carried)
    const foreign = { cells: Buffer.alloc(12, 9), version: 1 }
    ofKind(await store.sessions.rotate(rotation(carried, { bindings: [foreign] })), 'mismatched')

    const messages = await waiting(receiver)
    expect(messages).toEqual(expect.arrayContaining(ended.map(told)))
    expect(messages).toHaveLength(ended.length)
  })

  test('the end of everything, what is put back, and an expired session are not told', async () => {
    const receiver = await enrolled()
    const { store } = here()
    const subject = newSubject()
    const [lost, short] = [
      await opened(store, opening(subject)),
      await opened(store, opening(subject, { lifetimes: { idleMs: SECOND, absoluteMs: SECOND } })),
    ]
    const { revocations } = store
    const shard = revocations.shardOfTag(subject.tag)
    await revocations.assert(shard, [{ kind: 'session', session: lost.id }], START)
    await store.sessions.endSubject({ tag: subject.tag, at: START + HOUR, lifetimes: LIFETIMES })
    await opened(store, opening(newSubject()))
    await revocations.revokeAll(START + 2 * HOUR)
    expect(sessionsIn(await waiting(receiver))).not.toContain(lost.id)
    expect(sessionsIn(await waiting(receiver))).not.toContain(short.id)
    expect(await waiting(receiver)).toEqual([])
  })

  test('messages of a subject keep their order, with all that they say', async () => {
    const receiver = await enrolled()
    const subject = newSubject()
    const bodies = Array.from({ length: 25 }, (_, index) => JSON.stringify({ index, text: 'ä\u0000\n"' }))
    for (const body of bodies) await append(subject, body, 'a session')
    const messages = await waiting(receiver, 4)
    expect(messages.map(({ body }) => body)).toEqual(bodies)
    expect(new Set(messages.map(({ id }) => id)).size).toBe(bodies.length)
    for (const message of messages)
      expect(message).toMatchObject({
        ...{ kind: 'credential-change', subject: subject.name, session: 'a session', at: START },
      })
  })

  test('each receiver settles for itself, in any order, and what all have settled is dropped', async () => {
    const [first, second] = [await enrolled(), await enrolled()]
    const subject = newSubject()
    for (const body of ['1', '2', '3']) await append(subject, body)
    const [a, b, c] = (await waiting(first)).map(({ id }) => id)
    if (a === undefined || b === undefined || c === undefined) throw new TypeError('three messages')
    await settle(first, [b])
    await settle(first, [b])
    expect((await waiting(first)).map(({ body }) => body)).toEqual(['1', '3'])
    expect((await waiting(second)).map(({ body }) => body)).toEqual(['1', '2', '3'])
    await settle(first, [a, c])
    expect(ofKind(await one().heads(), 'heads').heads.size).toBe(1)
    await settle(second, [a, b, c])
    expect(ofKind(await other().heads(), 'heads').heads.size).toBe(0)
    expect(await waiting(first)).toEqual([])
  })

  test('what a receiver has read, and not settled, it reads again', async () => {
    const receiver = await enrolled()
    for (const body of ['1', '2']) await append(newSubject(), body)
    const once = await waiting(receiver, 1)
    await append(newSubject(), '3')
    expect(once).toHaveLength(2)
    expect(await waiting(receiver)).toEqual(expect.arrayContaining([...once]))
    expect(await waiting(receiver)).toHaveLength(3)
  })

  test('what is settled for one receiver is kept for one that is known but has not read yet', async () => {
    const receiver = await enrolled()
    await append(newSubject(), '1')
    const messages = await waiting(receiver)
    const late = randomUUID()
    const settled = messages.map(({ id }) => id)
    await one().settle({ receiver, settled, dead: [], receivers: [receiver, late] })
    expect((await waiting(late)).map(({ body }) => body)).toEqual(['1'])
  })

  test('names that are no ids change nothing, and keep nothing else from being settled', async () => {
    const receiver = await enrolled()
    await append(newSubject(), '{"n":0}')
    const [id = ''] = (await waiting(receiver)).map((message) => message.id)
    const made = ['', 'x', '0.', '0.x', '0.-', '0.1-x', 'f.99999999999999999999-1', `${id}0x`, '__proto__']
    const dead = made.map((name) => ({
      ...{ id: name, kind: 'unknown', at: START, receiver, diedAt: START, reason: 'refused' },
    }))
    await settle(receiver, [...made, id], dead)
    expect(await waiting(receiver)).toEqual([])
  })

  test('nothing is kept for a receiver that was dismissed, and it may come back', async () => {
    const [receiver, gone] = [await enrolled(), await enrolled()]
    expect(await other().dismiss(gone)).toEqual({ kind: 'dismissed' })
    expect(await other().dismiss('never there')).toEqual({ kind: 'dismissed' })
    const subject = newSubject()
    await append(subject, '1')
    await settle(
      receiver,
      (await waiting(receiver)).map(({ id }) => id),
    )
    expect(ofKind(await other().heads(), 'heads').heads.size).toBe(0)
    await enrolled(gone)
    await append(subject, '2')
    await settle(
      receiver,
      (await waiting(receiver)).map(({ id }) => id),
    )
    expect((await waiting(gone)).map(({ body }) => body)).toEqual(['2'])
  })

  test('what only waited for a receiver is dropped once that is dismissed, and the next message is settled', async () => {
    const [receiver, gone] = [await enrolled(), await enrolled()]
    const subject = newSubject()
    await Promise.all(Array.from({ length: 700 }, (_, index) => append(subject, String(index))))
    const ids = (await waiting(receiver)).map(({ id }) => id)
    // The last one is left for the settlement after that.
    await settle(receiver, ids.slice(0, -1))
    await waiting(gone)
    ofKind(await other().dismiss(gone), 'dismissed')
    expect((await waiting(receiver)).map(({ id }) => id)).toEqual(ids.slice(-1))
    await settle(receiver, ids.slice(-1))
    expect(ofKind(await one().heads(), 'heads').heads.size).toBe(0)
  })

  test('when nobody is left, nothing is kept once somebody else has settled what it found', async () => {
    const [first, last] = [await enrolled(), await enrolled()]
    await append(newSubject(), '1')
    await settle(first, [...(await waiting(first)).map(({ id }) => id)])
    for (const receiver of [first, last]) ofKind(await one().dismiss(receiver), 'dismissed')
    const next = await enrolled()
    await append(newSubject(), '2')
    const messages = await waiting(next)
    expect(messages.map(({ body }) => body)).toContain('2')
    await settle(
      next,
      messages.map(({ id }) => id),
    )
    expect(ofKind(await other().heads(), 'heads').heads.size).toBe(0)
  })

  test('dead letters are kept for a while, the newest first, and no longer wait', async () => {
    const receiver = await enrolled()
    const subject = newSubject()
    await append(subject, '{}', 'a session')
    await append(subject, '{}')
    const letters = (await waiting(receiver)).map(({ body: _body, ...message }, index) => ({
      ...{ ...message, receiver, diedAt: START + index, reason: 'refused' },
    }))
    for (const letter of letters) await settle(receiver, [], [letter])
    expect(await waiting(receiver)).toEqual([])
    // Whoever did not hear the answer tells it again.
    await settle(receiver, [], letters.slice(1))
    const { letters: kept } = ofKind(await other().deadLetters(), 'read')
    expect(kept).toEqual([...letters].reverse())
  })

  test('dead letters of a subject are erased with it, and what still waits for it leaves none', async () => {
    const receiver = await enrolled()
    const [gone, kept] = [newSubject(), newSubject()]
    const letterOf = ({ body: _body, ...message }: OutboxMessage): DeadLetter => ({
      ...{ ...message, receiver, diedAt: START + HOUR, reason: 'given_up' },
    })
    for (const subject of [gone, kept])
      for (const body of ['1', '2']) await append(subject, body, 'a session')
    const first = await waiting(receiver)
    await settle(receiver, [], first.filter(({ body }) => body === '1').map(letterOf))
    expect(ofKind(await one().deadLetters(), 'read').letters).toHaveLength(2)
    ofKind(await other().forget(gone.name, START), 'forgotten')
    const names = async () => ofKind(await one().deadLetters(), 'read').letters.map(({ subject }) => subject)
    expect(await names()).toEqual([kept.name])

    // It is still told, and only then gone.
    const left = await waiting(receiver)
    expect(left.map(({ subject }) => subject).sort()).toEqual([gone.name, kept.name].sort())
    const dead = left.map(letterOf)
    const outcome = await one().settle({ receiver, settled: [], dead, receivers: [receiver] })
    const forgotten = left.filter(({ subject }) => subject === gone.name).map(({ id }) => id)
    expect(outcome).toEqual({ kind: 'settled', forgotten })
    expect(await names()).toEqual([kept.name, kept.name])
    expect(ofKind(await one().heads(), 'heads').heads.size).toBe(0)

    // Whoever comes back later is somebody else.
    ofKind(await one().append({ kind: 'change', subject: gone.name, body: '3' }, START + HOUR), 'appended')
    const [again] = await waiting(receiver)
    if (again === undefined) throw new TypeError('a message')
    await settle(receiver, [], [letterOf(again)])
    expect(await names()).toContain(gone.name)
  })

  test('of racing processes one has the right to send, until it gives that up', async () => {
    const holders = Array.from({ length: 16 }, () => randomUUID())
    const claims = await Promise.all(
      holders.map((holder, index) => (index % 2 === 0 ? one() : other()).claim(holder, HOUR, START)),
    )
    const [winner, ...more] = holders.filter((_, index) => claims[index]?.kind === 'claimed')
    const loser = holders.find((holder) => holder !== winner)
    if (winner === undefined || loser === undefined) throw new TypeError('nobody has it')
    expect(more).toEqual([])
    expect(await other().claim(winner, HOUR, START)).toEqual({ kind: 'claimed' })
    await one().release(loser)
    expect(await one().claim(loser, HOUR, START)).toEqual({ kind: 'taken' })
    await other().release(winner)
    expect(await one().claim(loser, HOUR, START)).toEqual({ kind: 'claimed' })
  })

  test('thousands of sessions of one user, ended together, are all told once', async () => {
    const receiver = await enrolled()
    const { store } = here()
    const subject = newSubject()
    const sessions: string[] = []
    for (let slice = 0; slice < many / 100; slice++) {
      const openings = Array.from({ length: 100 }, () => store.sessions.open(opening(subject)))
      for (const outcome of await Promise.all(openings)) sessions.push(ofKind(outcome, 'opened').session.id)
    }
    await store.sessions.endSubject({ tag: subject.tag, at: START + SECOND, lifetimes: LIFETIMES })
    const messages = await waiting(receiver, 1000)
    expect(sessionsIn(messages)).toEqual(sessions.sort())
    expect(messages.every(({ subject: name }) => name === subject.name)).toBe(true)
  })
}
