import type { Session } from '@sallyport/core'
import type { Grant } from '@sallyport/core/store'
import { describe, expect, test } from 'vitest'
import {
  grantOf,
  HOUR,
  isRevoked,
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

const grants: readonly { readonly name: string; readonly grant: Partial<Grant> }[] = [
  { name: 'of a browser', grant: {} },
  { name: 'of a native app', grant: { client: 'native', transport: 'body' } },
  { name: 'with no scope', grant: { scope: '' } },
  { name: 'with acr and amr', grant: { acr: 'urn:example:gold', amr: ['pwd', 'otp'] } },
  { name: 'with an empty amr', grant: { amr: [] } },
  { name: 'with a space in an amr', grant: { amr: ['pwd', 'one time'] } },
  { name: 'with letters from all over', grant: { device: 'Браузер on Линукс', acr: '高' } },
  { name: 'long', grant: { scope: 'scope:of:some:length '.repeat(400).trim(), client: 'c'.repeat(255) } },
  { name: 'of long ago', grant: { authenticatedAt: 1 } },
  { name: 'that the browser forgets', grant: { transient: true } },
  { name: 'with lifetimes of its own', grant: { lifetimes: { idleMs: 60 * SECOND, absoluteMs: HOUR } } },
  {
    name: 'with both',
    grant: { transient: true, lifetimes: { idleMs: 60 * SECOND, absoluteMs: HOUR } },
  },
]

/** Opening sessions, and showing them. */
export function sessionContract(here: Here): void {
  async function listed(subject: Subject, at = START): Promise<readonly Session[]> {
    const asked = { tag: subject.tag, at, lifetimes: LIFETIMES }
    return ofKind(await here().store.sessions.list(asked), 'listed').sessions
  }

  for (const { name, grant } of grants)
    test(`the grant ${name} comes back as it was given, from every step`, async () => {
      const { store, other } = here()
      const subject = newSubject()
      const given = opening(subject, { grant, ip: '192.0.2.7' })
      const { transport } = given.grant
      const session = {
        ...grantOf(subject, grant),
        id: given.id,
        generation: 1,
        createdAt: START,
        rotatedAt: START,
        ip: '192.0.2.7',
      }
      const next = { ...session, generation: 2, rotatedAt: START + SECOND }
      const ip = { ip: '192.0.2.7' }
      expect(await opened(store, given)).toEqual(session)
      expect(await listed(subject)).toEqual([session])
      const refreshed = await other.sessions.rotate(rotation(session, { transport, ...ip }))
      expect(ofKind(refreshed, 'rotated').session).toEqual(next)
      const again = await other.sessions.rotate(rotation(session, { transport, ...ip }))
      expect(ofKind(again, 'converged').session).toEqual(next)
      const ended = { tag: subject.tag, at: START + SECOND, lifetimes: LIFETIMES, except: given.id }
      const { kept } = ofKind(await other.sessions.endSubject(ended), 'ended')
      expect(kept).toEqual({ ...next, generation: transport === 'body' ? 2 : 4 })
    })

  test.each(['192.0.2.1', '2001:db8::1', '::'])('the address %s is kept', async (ip) => {
    const subject = newSubject()
    await opened(here().store, opening(subject, { ip }))
    expect(await listed(subject)).toMatchObject([{ ip }])
  })

  test('the address is the one of the latest refresh, or none', async () => {
    const { store } = here()
    const subject = newSubject()
    const session = await opened(store, opening(subject))
    expect(session).not.toHaveProperty('ip')
    await store.sessions.rotate(rotation(session, { ip: '2001:db8::7' }))
    expect(await listed(subject)).toMatchObject([{ ip: '2001:db8::7' }])
    await store.sessions.rotate(rotation(session, { generation: 2 }))
    expect((await listed(subject))[0]).not.toHaveProperty('ip')
  })

  test('sessions are listed from the latest sign-in to the first, however they were refreshed', async () => {
    const { store } = here()
    const subject = newSubject()
    const at = [START + 2 * SECOND, START, START + SECOND]
    const [latest, first, middle] = await Promise.all(
      at.map((one) => opened(store, opening(subject, { at: one }))),
    )
    await store.sessions.rotate(rotation(first as Session, { at: START + HOUR / 2 }))
    const ids = (await listed(subject, START + HOUR / 2)).map((one) => one.id)
    expect(ids).toEqual([latest?.id, middle?.id, first?.id])
  })

  test('a hundred sessions of one subject are all listed', async () => {
    const { store } = here()
    const subject = newSubject()
    const all = Array.from({ length: 100 }, (_, second) => opening(subject, { at: START + second * SECOND }))
    await Promise.all(all.map((one) => opened(store, one)))
    const ids = (await listed(subject, START + 100 * SECOND)).map((one) => one.id)
    expect(ids).toEqual(all.map((one) => one.id).reverse())
  })

  test("nobody else's session is listed", async () => {
    const [one, two] = [newSubject(), newSubject()]
    const session = await opened(here().store, opening(one))
    await opened(here().store, opening(two))
    expect((await listed(one)).map((mine) => mine.id)).toEqual([session.id])
    expect(await listed(newSubject())).toEqual([])
  })

  test('a session is listed until it is idle for too long, or too old', async () => {
    const { store } = here()
    const subject = newSubject()
    const session = await opened(store, opening(subject))
    expect(await listed(subject, START + HOUR - 1)).toHaveLength(1)
    await rotated(store, session)
    expect(await listed(subject, START + HOUR)).toHaveLength(1)
    expect(await listed(subject, START + SECOND + HOUR)).toEqual([])

    const refreshed = await opened(store, opening(subject))
    for (let hour = 1; hour < 20; hour++)
      await store.sessions.rotate(rotation(refreshed, { generation: hour, at: START + (hour * HOUR) / 2 }))
    expect(await listed(subject, START + LIFETIMES.absoluteMs - 1)).toHaveLength(1)
    expect(await listed(subject, START + LIFETIMES.absoluteMs)).toEqual([])
  })

  describe('a session with shorter lifetimes of its own', () => {
    const lifetimes = { idleMs: HOUR / 4, absoluteMs: HOUR / 2 }

    test('ends by them, while another session of the subject lives on by those of all', async () => {
      const { store } = here()
      const subject = newSubject()
      const short = await opened(store, opening(subject, { grant: { lifetimes } }))
      const long = await opened(store, opening(subject))
      const idsAt = async (at: number) => (await listed(subject, at)).map((one) => one.id).sort()
      expect(await idsAt(START + HOUR / 4 - 1)).toEqual([short.id, long.id].sort())
      expect(await idsAt(START + HOUR / 4)).toEqual([long.id])
      expect(await store.sessions.rotate(rotation(long, { at: START + HOUR / 2 }))).toMatchObject({
        kind: 'rotated',
      })
    })

    test('cannot be refreshed when it was idle for too long', async () => {
      const { store } = here()
      const session = await opened(store, opening(newSubject(), { grant: { lifetimes } }))
      const late = rotation(session, { at: START + HOUR / 4 })
      expect(await store.sessions.rotate(late)).toEqual({ kind: 'expired' })
    })

    test('cannot be refreshed beyond its absolute lifetime, however often it was', async () => {
      const { store } = here()
      const session = await opened(store, opening(newSubject(), { grant: { lifetimes } }))
      for (const [generation, at] of [HOUR / 5, (2 * HOUR) / 5].entries())
        expect(
          await store.sessions.rotate(rotation(session, { generation: generation + 1, at: START + at })),
        ).toMatchObject({ kind: 'rotated' })
      const late = rotation(session, { generation: 3, at: START + HOUR / 2 })
      expect(await store.sessions.rotate(late)).toEqual({ kind: 'expired' })
    })

    test('does not outlive a shorter lifetime of all sessions', async () => {
      const { store } = here()
      const session = await opened(store, opening(newSubject(), { grant: { lifetimes } }))
      const all = { idleMs: 60 * SECOND, absoluteMs: HOUR }
      const late = rotation(session, { at: START + 60 * SECOND, lifetimes: all })
      expect(await store.sessions.rotate(late)).toEqual({ kind: 'expired' })
    })

    test('leaves room for others once it is over', async () => {
      const { store } = here()
      const subject = newSubject()
      await opened(store, opening(subject, { grant: { lifetimes } }))
      const long = await opened(store, opening(subject))
      const third = opening(subject, { at: START + HOUR / 4, sessionLimit: 2 })
      expect(ofKind(await store.sessions.open(third), 'opened').ended).toEqual([])
      expect((await listed(subject, START + HOUR / 4)).map((one) => one.id)).toContain(long.id)
    })
  })

  test.each([0, 1, 2])(
    'a sign-in that is repeated leaves one session, which is good, of at most %i',
    async (limit) => {
      const { store, other } = here()
      const subject = newSubject()
      const given = opening(subject, { sessionLimit: limit })
      const session = await opened(store, given)
      const outcome = ofKind(await store.sessions.open(given), 'opened')
      expect(outcome).toMatchObject({ session, ended: [] })
      expect(await listed(subject)).toEqual([session])
      expect(await isRevoked(other, session.id, subject.tag)).toBe(false)
    },
  )

  test('without a revocation before it, a first token may say that it was issued now', async () => {
    const outcome = ofKind(await here().store.sessions.open(opening(newSubject())), 'opened')
    expect(outcome.issueFrom).toBeLessThanOrEqual(START / SECOND)
    expect(outcome.ended).toEqual([])
  })

  test('a session is read as it is now, by whoever has its id, and changes nothing by that', async () => {
    const subject = newSubject()
    const session = await opened(here().store, opening(subject, { ip: '192.0.2.7' }))
    const read = async () => here().other.sessions.read(session.id)
    const line = { keyed: false, base: 0 }
    expect(await read()).toEqual({ kind: 'read', session, ...line })
    const outcome = ofKind(await here().store.sessions.rotate(rotation(session)), 'rotated')
    expect(await read()).toEqual({ kind: 'read', session: outcome.session, ...line, base: 1 })
    expect(await read()).toEqual({ kind: 'read', session: outcome.session, ...line, base: 1 })
    await here().store.sessions.end({ id: session.id, at: START, evenIfAbsent: false })
    expect(await read()).toEqual({ kind: 'unknown' })
  })

  test('a sign-in ends the session that it replaces, if that is the same subject and there', async () => {
    const { store, other } = here()
    const subject = newSubject()
    const old = await opened(store, opening(subject))
    const kept = await opened(store, opening(subject))
    const first = ofKind(await store.sessions.open(opening(subject, { replaces: old.id })), 'opened')
    expect(first).toMatchObject({ replaced: true, ended: [] })
    expect(await isRevoked(other, old.id, subject.tag)).toBe(true)
    expect(await isRevoked(other, kept.id, subject.tag)).toBe(false)
    const again = ofKind(await store.sessions.open(opening(subject, { replaces: old.id })), 'opened')
    expect(again.replaced).toBe(false)
    const never = newId(subject)
    expect(ofKind(await store.sessions.open(opening(subject, { replaces: never })), 'opened').replaced).toBe(
      false,
    )
    expect(await isRevoked(other, never, subject.tag)).toBe(false)
    const { sessions } = ofKind(
      await store.sessions.list({ tag: subject.tag, at: START, lifetimes: LIFETIMES }),
      'listed',
    )
    expect(sessions).toHaveLength(4)
  })

  test('the session that is replaced makes room, so that the limit ends no other one', async () => {
    const { store } = here()
    const subject = newSubject()
    await opened(store, opening(subject))
    const old = await opened(store, opening(subject, { at: START + SECOND }))
    const more = { replaces: old.id, sessionLimit: 2, at: START + 2 * SECOND }
    expect(await store.sessions.open(opening(subject, more))).toMatchObject({ replaced: true, ended: [] })
  })

  test('a session that never was is unknown', async () => {
    await opened(here().store, opening(newSubject()))
    expect(await here().store.sessions.read(newId(newSubject()))).toEqual({ kind: 'unknown' })
  })
}
