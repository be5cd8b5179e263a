import {
  type AuditOptions,
  ConfigError,
  createSallyport,
  memoryStore,
  type SallyportEvent,
  type SallyportOptions,
  type StoreDriver,
} from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { afterEach, expect, test, vi } from 'vitest'
import { textIn } from '../support/text-in.ts'
import { turnedClock } from '../support/turned-clock.ts'
import { viewOf } from './view.ts'

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0'
const DAY = 86_400_000
let close: () => Promise<unknown> = async () => {}
afterEach(async () => {
  await close()
  vi.restoreAllMocks()
})

async function start(audit: Partial<AuditOptions> = {}, options: SallyportOptions = {}) {
  const trail: SallyportEvent[] = []
  const told: SallyportEvent[] = []
  const clock = turnedClock()
  const sallyport = await createSallyport({
    secret: 'a secret of the test, with its 32 bytes',
    store: memoryStore(),
    audit: {
      sink: {
        name: 'test',
        async write(events) {
          trail.push(...events)
        },
      },
      ...audit,
    },
    clock,
    ...options,
  })
  sallyport.on('event', (event) => told.push(event))
  close = () => sallyport.close()
  const gate = gateOf(sallyport)
  return {
    ...{ sallyport, trail, told, clock, gate },
    async signIn(subject: string, ip = '192.0.2.77') {
      const headers = { 'user-agent': FIREFOX }
      const { body = '' } = await gate.signIn(viewOf({ ip, headers }), { subject })
      return (JSON.parse(textIn(body)) as { access_token: string }).access_token
    },
    ask: (token: string) =>
      gate.verifier()(viewOf({ method: 'GET', headers: { authorization: `Bearer ${token}` } })),
    /** All that has been told is in the trail. */
    written: () =>
      vi.waitFor(() => {
        const inTrail = trail.filter(({ event }) => event !== 'key.rotated')
        expect(inTrail.length).toBe(told.length)
        return inTrail
      }),
  }
}

/** A store without a part that it may lack. */
const storeWithout = (name: 'subjectKeys'): StoreDriver => ({
  ...memoryStore(),
  async open(context) {
    const { [name]: _left, ...others } = await memoryStore().open(context)
    return others
  },
})

test('the trail names nobody, and who has the store can tell who it was', async () => {
  const { sallyport, told, signIn, ask, written } = await start()
  const token = await signIn('user-1')
  await ask(token)
  await sallyport.sessions.revokeAll('user-1')
  await signIn('user-1', '2001:db8:1:2::3')
  const trail = await written()
  const text = JSON.stringify(trail)
  for (const { sub, sid, ip, user_agent } of told)
    for (const personal of [sub, sid, ip, user_agent]) if (personal) expect(text).not.toContain(personal)
  const pseudonym = await sallyport.audit.pseudonymOf('user-1')
  expect(new Set(trail.map(({ sub }) => sub))).toEqual(new Set([pseudonym]))
  // Events of one session still belong together, and those of two do not.
  expect(new Set(trail.map(({ sid }) => sid)).size).toBe(2)
  expect(trail[0]?.sid).toBe(trail[1]?.sid)
  expect(trail[0]).toMatchObject({ ip: '192.0.2.0/24', user_agent: 'Firefox on Linux' })
  expect(trail.at(-1)).toMatchObject({ ip: '2001:db8:1::/48' })
  for (const [index, event] of trail.entries())
    expect(await sallyport.audit.reveal(event)).toEqual(told[index])
})

test('a resource that a policy decided about may be a person, and is not in the trail', async () => {
  const engine = { name: 'Test', decide: () => ({ kind: 'deny', policy: 'owners' }) as const }
  const { sallyport, told, gate, signIn, ask, written } = await start({}, { policies: { engine } })
  const decision = await ask(await signIn('user-1'))
  if (decision.kind !== 'allow') throw new RangeError('the token is good')
  const guard = gate.check(gate.guards.requirePolicy('profile:read', { type: 'profile', id: 'user-1' }))
  await guard(decision.auth, viewOf({}))
  const event = (await written()).at(-1)
  expect(event).toMatchObject({
    event: 'policy.denied',
    action: 'profile:read',
    resource: 'profile',
    policy: 'owners',
  })
  expect(JSON.stringify(event)).not.toContain('user-1')
  expect(event && (await sallyport.audit.reveal(event))).toEqual(told.at(-1))
  expect(told.at(-1)).toMatchObject({ resource_id: 'user-1' })
})

test('a user who is forgotten is nobody in the trail, which stays as it is', async () => {
  const { sallyport, trail, told, signIn, ask, written } = await start()
  const token = await signIn('user-1')
  await signIn('user-2')
  await written()
  const [before] = await written()
  const pseudonym = await sallyport.audit.pseudonymOf('user-1')
  expect(pseudonym).toBeDefined()
  await sallyport.forgetUser('user-1')
  expect(await sallyport.audit.pseudonymOf('user-1')).toBeUndefined()
  expect(before && (await sallyport.audit.reveal(before))).toBeUndefined()
  // A token that was revoked may still come. It makes no key again.
  expect(await ask(token)).toMatchObject({ kind: 'refuse' })
  await written()
  expect(told.at(-1)).toMatchObject({ event: 'token.refused', sub: 'user-1' })
  expect(await sallyport.audit.pseudonymOf('user-1')).toBeUndefined()
  expect(trail.at(-1)?.sub).not.toBe(pseudonym)
  expect(JSON.stringify(trail)).not.toContain('user-1')
  const other = trail.find(({ sub }) => sub !== pseudonym && sub !== undefined)
  expect(other && (await sallyport.audit.reveal(other))).toMatchObject({ sub: 'user-2' })

  await signIn('user-1')
  await written()
  const again = await sallyport.audit.pseudonymOf('user-1')
  expect(again).toBeDefined()
  expect(again).not.toBe(pseudonym)
  expect(trail.at(-1)?.sub).toBe(again)
})

test('forgetting a user at the moment of a sign-in leaves no key behind', async () => {
  for (let round = 0; round < 30; round++) {
    const { sallyport, signIn, written } = await start()
    await signIn('user-1')
    await sallyport.forgetUser('user-1')
    await written()
    expect(await sallyport.audit.pseudonymOf('user-1')).toBeUndefined()
    await close()
  }
})

test('what was sealed for one event reveals nothing in another', async () => {
  const { sallyport, signIn, written } = await start()
  await signIn('user-1')
  const [event] = await written()
  if (event === undefined) throw new RangeError('there is an event')
  expect(await sallyport.audit.reveal(event)).toBeDefined()
  const later = { ...event, time: '2026-01-02T00:00:00.000Z' }
  const other = { ...event, event: 'password.changed' } as SallyportEvent
  const first = event.sealed?.startsWith('A') ? 'B' : 'A'
  const damaged = { ...event, sealed: `${first}${event.sealed?.slice(1)}` }
  const { sealed: _sealed, ...bare } = event
  const changed = [
    { ...event, outcome: 'failure' },
    { ...event, reason: 'another' },
    { ...event, jti: 'another' },
    { ...event, previous_ip: '192.0.2.0/24' },
  ] as readonly SallyportEvent[]
  for (const wrong of [
    later,
    other,
    damaged,
    bare as SallyportEvent,
    { ...event, sub: 'nobody' },
    ...changed,
  ])
    expect(await sallyport.audit.reveal(wrong)).toBeUndefined()
})

test('what was sealed once serves for all events that tell the same of a person, and each is bound on its own', async () => {
  const { sallyport, told, signIn, written } = await start()
  await signIn('user-1')
  const { sub, sid, ip, user_agent } = told[0] ?? {}
  const person = { sub, sid, ip, user_agent } as { sub: string; sid: string; ip: string; user_agent: string }
  for (const reason of ['one', 'another'])
    sallyport.emit({ event: 'token.refused', outcome: 'failure', reason, ...person })
  sallyport.emit({
    event: 'token.refused',
    outcome: 'failure',
    reason: 'a third',
    ...person,
    ip: '192.0.2.78',
  })
  const [, one, another, third] = await written()
  if (one === undefined || another === undefined || third === undefined)
    throw new RangeError('there are three')
  const sealedOf = ({ sealed = '' }: SallyportEvent) => sealed.split('.')[0]
  expect(sealedOf(one)).toBe(sealedOf(another))
  expect(sealedOf(third)).not.toBe(sealedOf(another))
  const macOf = ({ sealed = '' }: SallyportEvent) => sealed.split('.')[1]
  expect(new Set([one, another, third].map(macOf)).size).toBe(3)
  for (const [index, event] of [one, another, third].entries())
    expect(await sallyport.audit.reveal(event)).toEqual(told[index + 1])
  for (const sealed of [
    another.sealed,
    third.sealed,
    `${sealedOf(another)}.${macOf(one)}.`,
    `${sealedOf(third)}.${macOf(one)}`,
    `${one.sealed}.`,
    sealedOf(one),
    `.${macOf(one)}`,
    '',
    '.',
  ])
    expect(await sallyport.audit.reveal({ ...one, sealed: sealed ?? '' })).toBeUndefined()
})

test('whatever stands in a line in the place of what was sealed, nothing is revealed, and nothing thrown', async () => {
  const { sallyport, signIn, written } = await start()
  await signIn('user-1')
  const [event] = await written()
  for (const sealed of [[], 5, {}, null, undefined, true, [event?.sealed]])
    expect(await sallyport.audit.reveal({ ...event, sealed } as unknown as SallyportEvent)).toBeUndefined()
})

test('a character that UTF-8 cannot tell from another is no way to change a line', async () => {
  const { sallyport, signIn, written } = await start()
  await signIn('user-1')
  sallyport.emit({ event: 'password.changed', outcome: 'success', sub: 'user-1', reason: 'a\ufffdb' })
  const [, event] = await written()
  if (event === undefined) throw new RangeError('there is an event')
  expect(await sallyport.audit.reveal(event)).toMatchObject({ reason: 'a\ufffdb' })
  expect(await sallyport.audit.reveal({ ...event, reason: 'a\udfffb' } as SallyportEvent)).toBeUndefined()
})

test('nothing shows that two events concern the same resource', async () => {
  const { sallyport, told, signIn, written } = await start()
  await signIn('user-1')
  const { sub = '' } = told[0] ?? {}
  for (const resource_id of ['patient-1', 'patient-1', 'patient-2'])
    sallyport.emit({ event: 'policy.permitted', outcome: 'success', sub, action: 'read', resource_id })
  const events = (await written()).slice(1)
  expect(new Set(events.map(({ sealed }) => sealed?.split('.')[0])).size).toBe(3)
  for (const [index, event] of events.entries())
    expect(await sallyport.audit.reveal(event)).toEqual(told[index + 1])
})

test('a session of somebody else, named by the application, changes nothing of whose event it is', async () => {
  const { sallyport, told, signIn, written } = await start()
  await signIn('user-1')
  await signIn('user-2')
  const sid = told[0]?.sid ?? ''
  sallyport.emit({ event: 'token.refused', outcome: 'failure', reason: 'one', sub: 'user-1', sid })
  sallyport.emit({ event: 'token.refused', outcome: 'failure', reason: 'other', sub: 'user-2', sid })
  const [, , one, other] = await written()
  expect(one?.sub).toBe(await sallyport.audit.pseudonymOf('user-1'))
  expect(other?.sub).toBe(await sallyport.audit.pseudonymOf('user-2'))
  expect(other && (await sallyport.audit.reveal(other))).toMatchObject({ sub: 'user-2', sid })
})

test('a session names its user, too', async () => {
  const { sallyport, told, signIn, written } = await start()
  await signIn('user-1')
  const sid = told[0]?.sid ?? ''
  sallyport.emit({ event: 'token.refused', outcome: 'failure', reason: 'refresh_expired', sid })
  const [, refused] = await written()
  expect(refused).toMatchObject({ sub: await sallyport.audit.pseudonymOf('user-1') })
  expect(JSON.stringify(refused)).not.toContain(sid)
  const revealed = refused && (await sallyport.audit.reveal(refused))
  expect(revealed).toMatchObject({ sid, reason: 'refresh_expired' })
  expect(revealed).not.toHaveProperty('sub')
  await sallyport.forgetUser('user-1')
  sallyport.emit({ event: 'token.refused', outcome: 'failure', reason: 'refresh_unknown', sid })
  expect(JSON.stringify(await written())).not.toContain(sid.slice(0, 16))
})

test('who was forgotten by another process begins anew in this one', async () => {
  const memory = memoryStore()
  let opened: ReturnType<typeof memory.open> | undefined
  const store: StoreDriver = {
    ...memory,
    open(context) {
      opened ??= memory.open(context)
      return opened
    },
  }
  const one = await start({}, { store })
  const closeOne = close
  const other = await start({}, { store })
  const closeOther = close
  close = () => Promise.all([closeOne(), closeOther()])
  await other.signIn('user-1')
  await other.written()
  const pseudonym = await one.sallyport.audit.pseudonymOf('user-1')
  await one.sallyport.forgetUser('user-1')
  await other.signIn('user-1')
  const trail = await other.written()
  const again = await one.sallyport.audit.pseudonymOf('user-1')
  expect(again).not.toBe(pseudonym)
  expect(trail.at(-1)?.sub).toBe(again)
})

test('nor is the old key remembered by what happens between the sign-out and the erasure', async () => {
  const memory = memoryStore()
  let beforeErasure: () => Promise<unknown> = async () => {}
  let opened: ReturnType<typeof memory.open> | undefined
  const store: StoreDriver = {
    ...memory,
    open(context) {
      opened ??= memory.open(context).then((inner) => ({
        ...inner,
        sessions: {
          ...inner.sessions,
          async erase(tag, at) {
            await beforeErasure()
            return inner.sessions.erase(tag, at)
          },
        },
      }))
      return opened
    },
  }
  const one = await start({}, { store })
  const closeOne = close
  const other = await start({}, { store })
  const closeOther = close
  close = () => Promise.all([closeOne(), closeOther()])
  const refused = {
    event: 'token.refused',
    outcome: 'failure',
    reason: 'token_revoked',
    sub: 'user-1',
  } as const
  await one.signIn('user-1')
  await one.written()
  const old = await one.sallyport.audit.pseudonymOf('user-1')
  beforeErasure = () => {
    other.sallyport.emit(refused)
    return other.written()
  }
  await one.sallyport.forgetUser('user-1')
  await one.signIn('user-1')
  await one.written()
  other.sallyport.emit(refused)
  const trail = await other.written()
  expect(trail.map(({ sub }) => sub)).toContain(old)
  expect(trail.at(-1)?.sub).toBe(await one.sallyport.audit.pseudonymOf('user-1'))
})

test('a key is kept for as long as the trail, after its last use', async () => {
  const { sallyport, clock, signIn, written } = await start({ days: 30 })
  await signIn('user-1')
  const [first] = await written()
  clock.turn(29 * DAY)
  await signIn('user-1')
  await written()
  clock.turn(29 * DAY)
  expect(first && (await sallyport.audit.reveal(first))).toMatchObject({ sub: 'user-1' })
  clock.turn(2 * DAY)
  expect(first && (await sallyport.audit.reveal(first))).toBeUndefined()
})

test('an event of the application is hidden, too, whatever it has', async () => {
  const { sallyport, signIn, written } = await start()
  await signIn('user-1')
  sallyport.emit({ event: 'password.changed', outcome: 'success', sub: 'user-1', ip: 'not an address' })
  sallyport.emit({ event: 'login.failed', outcome: 'failure', ip: '192.0.2.9' })
  const [, changed, failed] = await written()
  expect(changed).toMatchObject({ ip: 'unknown', sub: await sallyport.audit.pseudonymOf('user-1') })
  expect(changed && (await sallyport.audit.reveal(changed))).toMatchObject({ ip: 'not an address' })
  // Nobody is named here. The address is what an operator looks for.
  expect(failed).toMatchObject({ ip: '192.0.2.9' })
})

test('while the store is away, the trail waits, in order', async () => {
  let isAway = false
  const memory = memoryStore()
  const store: StoreDriver = {
    ...memory,
    async open(context) {
      const { subjectKeys, ...others } = await memory.open(context)
      if (subjectKeys === undefined) throw new TypeError('the store keeps keys of subjects')
      return {
        ...others,
        subjectKeys: {
          ...subjectKeys,
          keyOf: async (query) => (isAway ? { kind: 'unavailable' } : subjectKeys.keyOf(query)),
        },
      }
    },
  }
  const { sallyport, trail, told, signIn, written } = await start({ required: true }, { store })
  await signIn('user-1')
  isAway = true
  sallyport.emit({ event: 'password.changed', outcome: 'success', sub: 'user-2' })
  await vi.waitFor(async () => await expect(sallyport.revokeAll()).rejects.toThrow('audit trail'))
  await expect(sallyport.forgetUser('user-1')).rejects.toThrow('audit trail')
  expect(trail.at(-1)?.event).toBe('session.started')
  isAway = false
  expect((await written()).map(({ event }) => event)).toEqual(told.map(({ event }) => event))
})

test('subjects may be named as they are', async () => {
  const { sallyport, told, signIn, written } = await start(
    { subjects: 'plain' },
    { store: storeWithout('subjectKeys') },
  )
  await signIn('user-1')
  expect(await written()).toEqual(told)
  await expect(sallyport.audit.pseudonymOf('user-1')).rejects.toThrow(ConfigError)
})

test('a store without keys of subjects is refused at start', async () => {
  await expect(start({}, { store: storeWithout('subjectKeys') })).rejects.toThrow(
    '"store" keeps no keys of subjects, by which the audit trail hides them: set "audit.subjects" to "plain"',
  )
})

test('without a trail there are no pseudonyms', async () => {
  const sallyport = await createSallyport({ secret: 'a secret of the test, with its 32 bytes' })
  close = () => sallyport.close()
  await expect(sallyport.audit.pseudonymOf('user-1')).rejects.toThrow(ConfigError)
})
