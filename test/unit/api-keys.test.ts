import { randomBytes } from 'node:crypto'
import {
  type Auth,
  ConfigError,
  createSallyport,
  memoryStore,
  type NewApiKey,
  RefusalError,
  type Sallyport,
  type SallyportEvent,
  type SallyportOptions,
  type StoreDriver,
  UnavailableError,
  type VerifyOptions,
} from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { type ApiKeyStore, sessionOfApiKey, tagOf } from '@sallyport/core/store'
import * as fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { mintApiKey } from '../../packages/core/src/tokens/forms/api-key.ts'
import { storeContext } from '../support/store-context.ts'
import { textIn } from '../support/text-in.ts'
import { type TurnedClock, turnedClock } from '../support/turned-clock.ts'
import { viewOf } from './view.ts'

const SECRET = 'a secret of the test, with its 32 bytes'
const DAY = 86_400
const open: Sallyport[] = []
afterEach(async () => {
  for (const sallyport of open.splice(0)) await sallyport.close()
})

interface Site {
  readonly sallyport: Sallyport
  readonly clock: TurnedClock
  readonly events: SallyportEvent[]
  /** Makes a key, which must come to be. */
  make(subject?: string, more?: Partial<NewApiKey>): Promise<{ readonly key: string; readonly id: string }>
  /** The caller, or the code of the refusal. */
  ask(token: string, options?: VerifyOptions): Promise<Auth | string>
}

async function site(options: SallyportOptions = {}): Promise<Site> {
  const clock = turnedClock()
  const given = { secret: SECRET, store: memoryStore(), clock, apiKeys: {}, ...options }
  const sallyport = await createSallyport(given)
  open.push(sallyport)
  const events: SallyportEvent[] = []
  sallyport.on('event', (event) => events.push(event))
  return {
    ...{ sallyport, clock, events },
    async make(subject = 'u-1', more = {}) {
      const made = await sallyport.apiKeys.create(subject, { name: 'build', scope: ['read'], ...more })
      if (made.kind === 'full') throw new Error('the user has too many keys')
      return made
    },
    async ask(token, verify = { apiKeys: 'accept' }) {
      const view = viewOf({ headers: { authorization: `Bearer ${token}` } })
      const decision = await gateOf(sallyport).verifier(verify)(view)
      if (decision.kind === 'refuse') return JSON.parse(textIn(decision.answer.body)).error
      return decision.auth ?? 'nobody'
    },
  }
}

/** A store in memory whose API keys are asked in another way. */
function keysOtherwise(otherwise: (keys: ApiKeyStore) => Partial<ApiKeyStore>): StoreDriver {
  const driver = memoryStore()
  return {
    ...driver,
    async open(context) {
      const store = await driver.open(context)
      if (store.apiKeys === undefined) throw new TypeError('the store keeps no API keys')
      return { ...store, apiKeys: { ...store.apiKeys, ...otherwise(store.apiKeys) } }
    },
  }
}

/** The same store for several processes. */
async function shared(): Promise<StoreDriver> {
  const store = await memoryStore().open(storeContext)
  return { ...memoryStore(), open: () => Promise.resolve({ ...store, close: async () => {} }) }
}

const flipped = (text: string, at: number): string =>
  text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)

describe('an API key', () => {
  test('lets its user’s program in, with the claims of an access token and no session', async () => {
    const { make, ask, clock } = await site({ audience: ['one', 'two'] })
    const { key, id } = await make()
    expect(key).toMatch(/^spk_[\w-]{84}$/)
    expect(id).toMatch(/^key_[\w-]{22}$/)
    const now = clock.now() / 1000
    const auth = (await ask(key)) as Auth
    expect(auth).toEqual({
      issuer: 'http://localhost',
      ...{ own: true, credential: 'api_key', subject: 'u-1', scopes: ['read'] },
      ...{ session: undefined, client: undefined, kid: undefined },
      claims: {
        ...{ iss: 'http://localhost', sub: 'u-1', aud: ['one', 'two'], jti: id, scope: 'read' },
        ...{ iat: now, exp: now + 900 },
      },
    })
    for (const part of [auth, auth.claims, auth.claims.aud]) expect(Object.isFrozen(part)).toBe(true)
  })

  test('is a caller like any other to guards, and has never authenticated as a person', async () => {
    const { sallyport, make, ask, clock } = await site({ anomalies: {} })
    const auth = (await ask((await make()).key)) as Auth
    const { guards } = gateOf(sallyport)
    const view = viewOf({})
    expect(guards.requireScope('read')(auth, view, clock)).toEqual({ kind: 'pass' })
    expect(guards.requireScope('write')(auth, view, clock)).toMatchObject({ problem: 'insufficient_scope' })
    for (const freshness of [{ maxAge: 1e6 }, { acr: 'gold' }, { maxAge: 1e6, fromRisk: 1 }])
      expect(guards.requireFresh(freshness)(auth, view, clock)).toMatchObject({
        problem: 'authentication_insufficient',
      })
    expect(await guards.requireRiskBelow(100)(auth, view, clock)).toMatchObject({ problem: 'access_denied' })
  })

  test('opens no route that does not say so, nor those of the library', async () => {
    const { sallyport, make, ask, events } = await site({ activity: {} })
    const { key, id } = await make()
    for (const options of [undefined, {}, { apiKeys: 'refuse' }, { optional: true }] as const)
      expect(await ask(key, options ?? {})).toBe('invalid_token')
    const refused = { event: 'token.refused', reason: 'token_api_key', sub: 'u-1', jti: id }
    expect(events.at(-1)).toMatchObject(refused)
    const gate = gateOf(sallyport)
    const own = gate.route.bearer('/own', {
      GET: () => ({ status: 200, headers: {}, cookies: [], body: '' }),
    })
    const headers = { authorization: `Bearer ${key}` }
    for (const route of [...gate.routes(['sessions', 'activity']), own])
      for (const method of ['GET', 'DELETE'])
        expect([401, 405]).toContain((await route.handle(viewOf({ method, headers }))).status)
    expect((await own.handle(viewOf({ method: 'GET', headers }))).status).toBe(401)
    const [logout, logoutAll] = gate.routes(['logout'])
    const view = viewOf({ method: 'POST', headers })
    await gate.signIn(viewOf({}), { subject: 'u-1' })
    expect((await logoutAll?.handle(view))?.status).toBe(401)
    expect((await logout?.handle(view))?.status).toBe(204)
    expect(await sallyport.sessions.list('u-1')).toHaveLength(1)
  })

  test('is read once, and again after the lifetime of an access token', async () => {
    let reads = 0
    const store = keysOtherwise(({ read }) => ({
      read: (...args) => {
        reads++
        return read(...args)
      },
    }))
    const { make, ask, clock } = await site({ store, access: { ttlSeconds: 300 } })
    const { key } = await make()
    for (const expected of [1, 2, 3]) {
      for (const _ of [1, 2, 3]) expect(await ask(key)).toMatchObject({ subject: 'u-1' })
      await Promise.all([ask(key), ask(key)])
      expect(reads).toBe(expected)
      clock.turn(300_000)
    }
  })

  test('ends at its time, in the very second', async () => {
    const { make, ask, clock, events } = await site()
    const { key, id } = await make('u-1', { expiresInSeconds: 60 })
    const { claims } = (await ask(key)) as Auth
    expect(claims.exp).toBe(clock.now() / 1000 + 60)
    clock.turn(59_000)
    expect(await ask(key)).toMatchObject({ subject: 'u-1' })
    clock.turn(1000)
    for (const _ of [1, 2]) expect(await ask(key)).toBe('invalid_token')
    expect(events.at(-1)).toMatchObject({ reason: 'token_expired', sub: 'u-1', jti: id })
  })

  test('is refused once revoked, by its name, with all others of its user, or with everything', async () => {
    const { sallyport, make, ask, events } = await site()
    const [one, two, three] = [await make(), await make(), await make()]
    const foreign = await make('u-2')
    for (const { key } of [one, two, three, foreign]) await ask(key)
    expect(await sallyport.apiKeys.revoke('u-1', one.id, { reason: 'leaked' })).toEqual({ revoked: [one.id] })
    expect(events.at(-1)).toMatchObject({
      ...{ event: 'apikey.revoked', outcome: 'success', sub: 'u-1', jti: one.id, reason: 'leaked' },
    })
    expect(await ask(one.key)).toBe('invalid_token')
    expect(await ask(two.key)).toMatchObject({ subject: 'u-1' })
    const { revoked } = await sallyport.apiKeys.revokeAll('u-1')
    expect(new Set(revoked)).toEqual(new Set([two.id, three.id]))
    for (const { key } of [one, two, three]) expect(await ask(key)).toBe('invalid_token')
    expect(await ask(foreign.key)).toMatchObject({ subject: 'u-2' })
    await sallyport.revokeAll()
    expect(await ask(foreign.key)).toBe('invalid_token')
    expect(await sallyport.apiKeys.list('u-2')).toEqual([])
    expect(await ask((await make('u-2')).key)).toMatchObject({ subject: 'u-2' })
  })

  test('stays revoked after its revocation is forgotten', async () => {
    const { sallyport, make, ask, clock } = await site()
    const { key, id } = await make()
    await ask(key)
    await sallyport.apiKeys.revoke('u-1', id)
    for (let hour = 0; hour < 3; hour++) {
      clock.turn(3_600_000)
      await make('u-2')
      expect(await ask(key)).toBe('invalid_token')
    }
  })

  test('outlives a sign-out everywhere, a change of scope and a refusal of all access tokens', async () => {
    const { sallyport, make, ask, clock } = await site()
    const [seen, unseen] = [await make(), await make()]
    await ask(seen.key)
    await gateOf(sallyport).signIn(viewOf({}), { subject: 'u-1' })
    await sallyport.sessions.revokeAll('u-1')
    await sallyport.tokens.revokeAll('u-1')
    await sallyport.sessions.update('u-1', { scope: ['less'] })
    for (const { key } of [seen, unseen]) expect(await ask(key)).toMatchObject({ scopes: ['read'] })
    clock.turn(900_000)
    for (const { key } of [seen, unseen]) expect(await ask(key)).toMatchObject({ scopes: ['read'] })
  })

  test('ends with its user, who is then forgotten', async () => {
    const { sallyport, make, ask, events } = await site()
    const [one, two] = [await make(), await make('u-2')]
    await ask(one.key)
    await sallyport.forgetUser('u-1', { reason: 'account_deleted' })
    expect(await ask(one.key)).toBe('invalid_token')
    expect(await sallyport.apiKeys.list('u-1')).toEqual([])
    expect(events.find(({ event }) => event === 'apikey.revoked')).toMatchObject({
      ...{ sub: 'u-1', jti: one.id, reason: 'account_deleted' },
    })
    expect(await ask(two.key)).toMatchObject({ subject: 'u-2' })
  })

  test('ends with its user even where there are no API keys any more', async () => {
    const store = await shared()
    const { make, ask } = await site({ store })
    const { key } = await make()
    const without = await site({ store, apiKeys: undefined })
    expect(await without.ask(key, {})).toBe('invalid_token')
    await without.sallyport.forgetUser('u-1')
    expect(await ask(key)).toBe('invalid_token')
  })

  test('is good at once, and stays so, on a process whose clock is behind', async () => {
    const store = await shared()
    const [here, behind] = [await site({ store }), await site({ store })]
    here.clock.turn(8000)
    const { key } = await here.make()
    for (let time = 0; time < 3; time++) expect(await behind.ask(key)).toMatchObject({ subject: 'u-1' })
  })

  test('is judged by each process as soon as it hears of it, and ends open connections', async () => {
    const store = await shared()
    const [here, there] = [await site({ store }), await site({ store })]
    const { key, id } = await here.make()
    const auth = (await there.ask(key)) as Auth
    const ended = vi.fn()
    there.sallyport.endOnRevocation(auth, ended)
    await here.sallyport.sessions.revokeAll('u-1')
    expect(ended).not.toHaveBeenCalled()
    await here.sallyport.apiKeys.revoke('u-1', id)
    expect(await there.ask(key)).toBe('invalid_token')
    expect(ended).toHaveBeenCalledOnce()
    const late = vi.fn()
    there.sallyport.endOnRevocation(auth, late)
    const forgotten = vi.fn()
    there.sallyport.endOnRevocation(auth, forgotten)()
    await vi.waitFor(() => expect(late).toHaveBeenCalledOnce())
    await new Promise(setImmediate)
    expect(forgotten).not.toHaveBeenCalled()
  })

  test('is judged by the store in the strict mode', async () => {
    const { sallyport, make, ask } = await site({ revocation: { mode: 'strict' } })
    const { key, id } = await make()
    expect(await ask(key)).toMatchObject({ subject: 'u-1' })
    await sallyport.sessions.revokeAll('u-1')
    expect(await ask(key)).toMatchObject({ subject: 'u-1' })
    await sallyport.apiKeys.revoke('u-1', id)
    expect(await ask(key)).toBe('invalid_token')
  })

  test('is 503 while the store is away and nothing is known of it', async () => {
    let away = false
    const store = keysOtherwise(({ read, touch }) => ({
      read: (...args) => (away ? Promise.resolve({ kind: 'unavailable' }) : read(...args)),
      touch: (...args) => (away ? Promise.resolve({ kind: 'unavailable' }) : touch(...args)),
    }))
    const { make, ask, clock } = await site({ store })
    const [known, fresh] = [await make(), await make()]
    await ask(known.key)
    away = true
    expect(await ask(known.key)).toMatchObject({ subject: 'u-1' })
    expect(await ask(fresh.key)).toBe('temporarily_unavailable')
    clock.turn(900_000)
    expect(await ask(known.key)).toBe('temporarily_unavailable')
    away = false
    for (const { key } of [known, fresh]) expect(await ask(key)).toMatchObject({ subject: 'u-1' })
  })

  test('has one spelling, and no other is taken or asks the store', async () => {
    let reads = 0
    const store = keysOtherwise(({ read }) => ({
      read: (...args) => {
        reads++
        return read(...args)
      },
    }))
    const { make, ask } = await site({ store })
    const { key } = await make()
    for (let at = 0; at < key.length; at++)
      expect(await ask(flipped(key, at)), `at ${at}`).toBe('invalid_token')
    const others = [`${key}A`, key.slice(0, -1), `${key}=`, `${key} `, 'spk_', key.toUpperCase()]
    for (const text of [...others, `spk_${key}`, key.replace('spk_', 'spr_'), `spk_${'A'.repeat(84)}`])
      expect(await ask(text), text).toBe('invalid_token')
    expect(reads).toBe(0)
    expect(await ask(key)).toMatchObject({ subject: 'u-1' })
  })

  test('cannot be guessed by whoever knows everything but its secret', async () => {
    const { make, ask, events, sallyport } = await site()
    const { key } = await make()
    const [mine, other] = [Buffer.from(key.slice(4), 'base64url'), (await site()).sallyport]
    // A key with the right place and id, made by somebody who knows how keys are made.
    const forged = await other.apiKeys.create('u-1', { name: 'forged' })
    if (forged.kind !== 'created') throw new Error('no key')
    expect(await ask(forged.key)).toBe('invalid_token')
    const parts = { tag: tagOf('u-1'), id: `key_${mine.toString('base64url', 12, 28)}` as never }
    expect(await ask(mintApiKey(parts, randomBytes).key)).toBe('invalid_token')
    expect(events.at(-1)).toMatchObject({ event: 'token.refused', reason: 'token_api_key' })
    const [listed] = await sallyport.apiKeys.list('u-1')
    expect(listed?.lastUsedAt).toBeUndefined()
  })

  test('of any spelling, is refused and harms nothing', async () => {
    const { make, ask, sallyport } = await site()
    const { key } = await make()
    const char = fc.constantFrom(...'AZaz09-_=.+/ %\0é🔑')
    const mutated = fc
      .record({ at: fc.nat(key.length), drop: fc.nat(5), put: fc.string({ unit: char, maxLength: 5 }) })
      .map(({ at, drop, put }) => key.slice(0, at) + put + key.slice(at + drop))
    const any = fc.oneof(
      mutated,
      fc.string({ unit: char, maxLength: 120 }).map((rest) => `spk_${rest}`),
      fc
        .string({ unit: fc.constantFrom(...'AZaz09-_'), minLength: 84, maxLength: 84 })
        .map((rest) => `spk_${rest}`),
    )
    await fc.assert(
      fc.asyncProperty(any, async (text) => {
        fc.pre(text !== key && text !== '')
        const verdict = await sallyport.tokens.verify(text, {}, { apiKeys: 'accept' })
        expect(verdict).toMatchObject({ kind: 'refused' })
      }),
      { numRuns: 10_000 },
    )
    expect(await ask(key)).toMatchObject({ subject: 'u-1' })
  })

  test('that comes in no header is verified as well, and says what it is', async () => {
    const { sallyport, make } = await site()
    const { key, id } = await make()
    for (const options of [undefined, {}, { apiKeys: 'refuse' } as const])
      expect(await sallyport.tokens.verify(key, {}, options)).toMatchObject({ problem: 'token_invalid' })
    expect(await sallyport.tokens.verify(key, {}, { apiKeys: 'accept' })).toMatchObject({
      ...{ kind: 'valid', auth: { credential: 'api_key', claims: { jti: id } } },
    })
    for (const wrong of [{ apiKeys: true }, { apikeys: 'accept' }, 'accept'])
      await expect(sallyport.tokens.verify(key, {}, wrong as never)).rejects.toThrow(TypeError)
    await expect(sallyport.tokens.revoke(id)).rejects.toThrow(/apiKeys\.revoke/)
  })

  test('counts for the limit of unknown tokens', async () => {
    const { make, ask } = await site({ limits: { signatures: () => 7 } })
    expect(await ask((await make()).key)).toBe('too_many_requests')
  })
})

describe('apiKeys', () => {
  test('lists what was made, without any secret, the newest first', async () => {
    const { sallyport, make, ask, clock } = await site()
    const first = await make('u-1', { name: 'first' })
    const from = clock.now()
    clock.turn(1000)
    const second = await make('u-1', { name: 'second', scope: ['read', 'write'], expiresInSeconds: 60 })
    await ask(first.key)
    const listed = await sallyport.apiKeys.list('u-1')
    expect(listed).toEqual([
      {
        ...{ id: second.id, subject: 'u-1', name: 'second', scope: 'read write', lastUsedAt: undefined },
        ...{ createdAt: from + 1000, expiresAt: from + 61_000 },
      },
      {
        ...{ id: first.id, subject: 'u-1', name: 'first', scope: 'read', lastUsedAt: from + 1000 },
        ...{ createdAt: from, expiresAt: from + 90 * DAY * 1000 },
      },
    ])
    clock.turn(60_000)
    expect((await sallyport.apiKeys.list('u-1')).map(({ id }) => id)).toEqual([first.id])
    expect(await sallyport.apiKeys.list('u-2')).toEqual([])
  })

  test('tells events that name the key and no secret, and the user sees them', async () => {
    const { sallyport, make, ask, events } = await site({ activity: {} })
    const { key, id } = await make('u-1', { name: 'the name of it' })
    await ask(key)
    await ask(flipped(key, 40))
    await sallyport.apiKeys.revoke('u-1', id)
    const told = events.filter(({ event }) => event.startsWith('apikey.'))
    expect(told).toMatchObject([
      { event: 'apikey.created', outcome: 'success', sub: 'u-1', jti: id },
      { event: 'apikey.revoked', outcome: 'success', sub: 'u-1', jti: id, reason: 'revoked_by_application' },
    ])
    const text = JSON.stringify(events)
    expect(text).not.toContain(key.slice(4, 60))
    expect(text).not.toContain('the name of it')
    expect(text).not.toContain(tagOf('u-1'))
    const { body = '' } = await gateOf(sallyport).signIn(viewOf({}), { subject: 'u-1' })
    const headers = { authorization: `Bearer ${JSON.parse(textIn(body)).access_token}` }
    const [activity] = gateOf(sallyport).routes(['activity'])
    const answer = await activity?.handle(viewOf({ method: 'GET', headers }))
    const seen = JSON.parse(textIn(answer?.body)).events.map(({ event }: { event: string }) => event)
    expect(seen).toEqual(expect.arrayContaining(['apikey.created', 'apikey.revoked']))
  })

  test('names a user who has keys and no session by one pseudonym, and nothing behind it', async () => {
    const written: SallyportEvent[] = []
    const sink = {
      name: 'array',
      write: async (some: readonly SallyportEvent[]) => void written.push(...some),
    }
    const { sallyport, make, ask } = await site({ audit: { sink } })
    const { key, id } = await make()
    await ask(key)
    await sallyport.apiKeys.revoke('u-1', id)
    await vi.waitFor(() => expect(written.map(({ event }) => event)).toContain('apikey.revoked'))
    const pseudonym = await sallyport.audit.pseudonymOf('u-1')
    const ofUser = written.filter(({ sub }) => sub !== undefined)
    expect(ofUser.map(({ event, sub, jti }) => [event, sub, jti])).toEqual([
      ['apikey.created', pseudonym, id],
      ['token.accepted', pseudonym, id],
      ['apikey.revoked', pseudonym, id],
    ])
    for (const secret of ['u-1"', tagOf('u-1')]) expect(JSON.stringify(written)).not.toContain(secret)
  })

  test('makes no more keys than a user may have', async () => {
    const { sallyport, make, clock } = await site({ apiKeys: { perUser: 2 } })
    await make('u-1', { expiresInSeconds: 60 })
    await make()
    const third = { name: 'third' }
    expect(await sallyport.apiKeys.create('u-1', third)).toEqual({ kind: 'full' })
    await make('u-2')
    clock.turn(60_000)
    expect(await sallyport.apiKeys.create('u-1', third)).toMatchObject({ kind: 'created', scope: '' })
  })

  test('leaves the keys of others alone', async () => {
    const { sallyport, make, ask, events } = await site()
    const { key, id } = await make()
    expect(await sallyport.apiKeys.revoke('u-2', id)).toEqual({ revoked: [] })
    for (const name of [
      'x',
      'key_',
      '../1',
      `key_${'*'.repeat(22)}`,
      sessionOfApiKey(tagOf('u-1'), id as never),
    ])
      expect(await sallyport.apiKeys.revoke('u-1', name)).toEqual({ revoked: [] })
    expect(await ask(key)).toMatchObject({ subject: 'u-1' })
    expect(events.some(({ event }) => event === 'apikey.revoked')).toBe(false)
  })

  test('takes the caller for the user, but no caller of another issuer, and no key makes keys or steps up', async () => {
    const { sallyport, make, ask } = await site()
    const { key, id } = await make()
    const auth = (await ask(key)) as Auth
    expect(await sallyport.apiKeys.list(auth)).toMatchObject([{ id }])
    await expect(sallyport.apiKeys.create(auth, { name: 'more' })).rejects.toThrow(TypeError)
    const foreign: Auth = { ...auth, own: false, issuer: 'https://other.example' }
    for (const call of [
      () => sallyport.apiKeys.create({ ...foreign, credential: 'access_token' }, { name: 'x' }),
      () => sallyport.apiKeys.list(foreign),
      () => sallyport.apiKeys.revoke(foreign, id),
      () => sallyport.apiKeys.revokeAll(foreign),
    ])
      await expect(call()).rejects.toThrow(/other\.example/)
    const others = gateOf(sallyport).sessions.revokeOthers(viewOf({}), auth)
    await expect(others).rejects.toThrow(RefusalError)
    const { stepUp, sessions } = gateOf(sallyport)
    expect(await stepUp(viewOf({}), auth, { acr: 'mfa' })).toMatchObject({ status: 403 })
    await expect(sessions.stepUp(viewOf({}), auth, { acr: 'mfa' })).rejects.toThrow(RefusalError)
    const person: Auth = { ...auth, credential: 'access_token' }
    expect(await sallyport.apiKeys.create(person, { name: 'more' })).toMatchObject({ kind: 'created' })
  })

  test.each([
    [{ name: '' }],
    [{ name: 'x'.repeat(101) }],
    [{ name: 'a\nb' }],
    [{ name: 'a\u202eb' }],
    [{ name: '\ud800' }],
    [{ name: 7 }],
    [{ scope: ['read'] }],
    [{ name: 'x', scope: 'read' }],
    [{ name: 'x', scope: ['read write'] }],
    [{ name: 'x', scope: [''] }],
    [{ name: 'x', expiresInSeconds: 59 }],
    [{ name: 'x', expiresInSeconds: 366 * DAY + 1 }],
    [{ name: 'x', expiresInSeconds: 60.5 }],
    [{ name: 'x', expiresInSeconds: null }],
    [{ name: 'x', expires: 60 }],
    [null],
    ['x'],
    [undefined],
  ])('refuses %j', async (given) => {
    const { sallyport } = await site()
    await expect(sallyport.apiKeys.create('u-1', given as never)).rejects.toThrow(TypeError)
    expect(await sallyport.apiKeys.list('u-1')).toEqual([])
  })

  test('refuses wrong users, ids and members', async () => {
    const { sallyport } = await site()
    const { apiKeys } = sallyport
    for (const subject of ['', 'x'.repeat(256), 7 as never]) {
      await expect(apiKeys.create(subject, { name: 'x' })).rejects.toThrow(TypeError)
      await expect(apiKeys.list(subject)).rejects.toThrow(TypeError)
      await expect(apiKeys.revokeAll(subject)).rejects.toThrow(TypeError)
    }
    await expect(apiKeys.revoke('u-1', 7 as never)).rejects.toThrow(TypeError)
    await expect(apiKeys.revoke('u-1', '')).rejects.toThrow(TypeError)
    await expect(apiKeys.revokeAll('u-1', { because: 'x' } as never)).rejects.toThrow('unknown member')
  })

  test('refuses a subject that a sign-in would refuse', async () => {
    const { sallyport } = await site({
      production: true,
      secret: randomBytes(32),
      issuer: 'https://auth.example',
      audience: 'https://api.example',
    })
    const made = sallyport.apiKeys.create('alice@example.com', { name: 'x' })
    await expect(made).rejects.toMatchObject({ code: 'ERR_CLAIMS' })
  })

  test('rejects while the store does not answer', async () => {
    const away = () => Promise.resolve({ kind: 'unavailable' } as const)
    const store = keysOtherwise(() => ({ create: away, list: away, revoke: away }))
    const { sallyport, events } = await site({ store })
    const { apiKeys } = sallyport
    for (const call of [
      () => apiKeys.create('u-1', { name: 'x' }),
      () => apiKeys.list('u-1'),
      () => apiKeys.revoke('u-1', `key_${'A'.repeat(22)}`),
      () => apiKeys.revokeAll('u-1'),
      () => sallyport.forgetUser('u-1'),
    ])
      await expect(call()).rejects.toThrow(UnavailableError)
    expect(events.filter(({ event }) => event.startsWith('apikey.'))).toEqual([])
  })

  test('is refused where the trail is required and cannot be written', async () => {
    const sink = { name: 'away', write: () => Promise.reject(new Error('away')) }
    const { sallyport } = await site({ audit: { sink, required: true, timeoutMs: 50 } })
    await expect(sallyport.apiKeys.create('u-1', { name: 'x' })).rejects.toThrow(UnavailableError)
    await expect(sallyport.apiKeys.revokeAll('u-1')).rejects.toThrow(UnavailableError)
  })

  test('needs its option, and a store that keeps keys', async () => {
    const { sallyport } = await site({ apiKeys: undefined })
    await expect(sallyport.apiKeys.create('u-1', { name: 'x' })).rejects.toThrow(ConfigError)
    await expect(sallyport.apiKeys.list('u-1')).rejects.toThrow(ConfigError)
    expect(() => gateOf(sallyport).verifier({ apiKeys: 'accept' })).toThrow(ConfigError)
    expect(() => gateOf(sallyport).verifier({ apiKeys: true as never })).toThrow(ConfigError)
    const driver = memoryStore()
    const without: StoreDriver = {
      ...driver,
      async open(context) {
        const { apiKeys: _, ...store } = await driver.open(context)
        return store
      },
    }
    await expect(site({ store: without })).rejects.toThrow(/"store" cannot keep API keys/)
    const { sallyport: plain } = await site({ store: without, apiKeys: undefined })
    await plain.forgetUser('u-1')
  })
})

test('in production they need a secret, also where other issuers are trusted: nobody else could read them', async () => {
  const issuer = 'https://auth.example.com'
  const trusted = { issuer, audience: 'api', algorithms: ['ES256'], jwks: `${issuer}/jwks` } as const
  const options = { production: true, issuers: [trusted], apiKeys: {} }
  await expect(createSallyport(options)).rejects.toThrow(/"secret" is required in production/)
})
