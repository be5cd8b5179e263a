import { generateKeyPairSync } from 'node:crypto'
import {
  type Claims,
  createSallyport,
  memoryStore,
  openClaim,
  type Sallyport,
  type SallyportOptions,
  type StoreDriver,
} from '@sallyport/core'
import { type Answer, gateOf } from '@sallyport/core/adapter'
import { tagOf } from '@sallyport/core/store'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'
import { storeContext } from '../support/store-context.ts'
import { textIn } from '../support/text-in.ts'
import { type TurnedClock, turnedClock } from '../support/turned-clock.ts'
import { viewOf } from './view.ts'

const SECRET = 'a secret of the test, with its 32 bytes'
const open: Sallyport[] = []
afterEach(async () => {
  for (const sallyport of open.splice(0)) await sallyport.close()
})

interface Site {
  readonly sallyport: Sallyport
  readonly clock: TurnedClock
  signIn(): Promise<{ readonly token: string; readonly cookie: string }>
  refresh(cookie: string): Promise<{ readonly token: string; readonly cookie: string }>
  /** The claims of the caller, or the error of the refusal. */
  ask(token: string): Promise<Claims | string>
}

async function site(options: SallyportOptions): Promise<Site> {
  const clock = turnedClock()
  const sallyport = await createSallyport({ secret: SECRET, store: memoryStore(), clock, ...options })
  open.push(sallyport)
  const [refresh] = gateOf(sallyport).routes(['refresh'])
  const given = ({ body, cookies }: Pick<Answer, 'body' | 'cookies'>) => ({
    token: JSON.parse(textIn(body)).access_token as string,
    cookie: cookies[0]?.split(';')[0] ?? '',
  })
  return {
    sallyport,
    clock,
    signIn: async () =>
      given(await gateOf(sallyport).signIn(viewOf({}), { subject: 'u-1', scope: ['read'], acr: 'silver' })),
    async refresh(cookie) {
      const answer = await refresh?.handle(viewOf({ headers: { cookie } }))
      if (answer?.status !== 200) throw new Error(`a refresh was answered ${answer?.status}`)
      return given(answer)
    },
    async ask(token) {
      const decision = await gateOf(sallyport).verifier()(
        viewOf({ headers: { authorization: `Bearer ${token}` } }),
      )
      if (decision.kind !== 'refuse') return decision.auth?.claims ?? 'nobody'
      return JSON.parse(textIn(decision.answer.body)).error
    },
  }
}

type Sessions = Awaited<ReturnType<StoreDriver['open']>>['sessions']

/** A store in memory whose sessions are read in another way. */
function readOtherwise(otherwise: (read: Sessions['read']) => Sessions['read']): StoreDriver {
  const driver = memoryStore()
  return {
    ...driver,
    async open(context) {
      const store = await driver.open(context)
      return { ...store, sessions: { ...store.sessions, read: otherwise(store.sessions.read) } }
    },
  }
}

const flipped = (text: string, at: number): string =>
  text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)

describe('an access token that is a reference', () => {
  test('says nothing by itself, and stands for all that a signed one would say', async () => {
    const { signIn, ask, clock } = await site({
      accessToken: 'reference',
      claims: { of: ({ subject }) => ({ tenant: `of ${subject}` }) },
    })
    const { token } = await signIn()
    expect(token).toMatch(/^spa_[\w-]{82}$/)
    expect(Buffer.from(token.slice(4), 'base64url').toString('latin1')).not.toContain('u-1')
    const now = clock.now() / 1000
    expect(await ask(token)).toEqual({
      tenant: 'of u-1',
      iss: 'http://localhost',
      sub: 'u-1',
      aud: 'http://localhost',
      iat: now,
      exp: now + 900,
      jti: expect.stringMatching(/^[\w-]{22}$/),
      client_id: 'web',
      scope: 'read',
      sid: expect.any(String),
      gen: 1,
      auth_time: now,
      acr: 'silver',
    })
  })

  test('shows nothing that can be computed from the subject or the session without the secret', async () => {
    const { signIn, refresh, ask } = await site({ accessToken: 'reference' })
    const first = await signIn()
    const second = await refresh(first.cookie)
    const other = await signIn()
    const { sid = '' } = (await ask(first.token)) as Claims
    const shown = [first, second, other].flatMap(({ token, cookie }) => [
      Buffer.from(token.slice(4), 'base64url'),
      Buffer.from(cookie.slice(cookie.indexOf('=spr_') + 5), 'base64url'),
    ])
    const session = Buffer.from(sid, 'base64url')
    expect(session.subarray(0, 12)).toEqual(Buffer.from(tagOf('u-1'), 'base64url'))
    for (const bytes of shown) {
      expect(bytes.length).toBeGreaterThan(48)
      for (let at = 0; at + 4 <= session.length; at++)
        expect(bytes.includes(session.subarray(at, at + 4))).toBe(false)
    }
  })

  test('leaves the objects of the application as they are', async () => {
    const roles = { of: { notes: ['read'] } }
    const { signIn, ask } = await site({ accessToken: 'reference', claims: { of: () => ({ roles }) } })
    const claims = (await ask((await signIn()).token)) as Claims
    expect(claims.roles).toEqual(roles)
    expect(Object.isFrozen(claims.roles)).toBe(true)
    roles.of.notes.push('write')
    expect(claims.roles).toEqual({ of: { notes: ['read'] } })
  })

  test('counts in the cache with the claims that it stands for', async () => {
    let reads = 0
    const store = readOtherwise((read) => (id) => {
      reads++
      return read(id)
    })
    const { signIn, ask } = await site({
      accessToken: 'reference',
      store,
      access: { cache: { bytes: 65_536 } },
      claims: { of: () => ({ about: 'note '.repeat(800) }), maxBytes: 4096 },
    })
    const tokens: string[] = []
    for (let at = 0; at < 20; at++) tokens.push((await signIn()).token)
    for (const _round of [1, 2])
      for (const token of tokens) expect(await ask(token)).toMatchObject({ sub: 'u-1' })
    expect(reads).toBe(40)
  })

  test('is read once, and then judged from what is known here', async () => {
    let reads = 0
    const store = readOtherwise((read) => (id) => {
      reads++
      return read(id)
    })
    const { signIn, ask } = await site({ accessToken: 'reference', store })
    const { token } = await signIn()
    for (const _ of [1, 2, 3]) expect(await ask(token)).toMatchObject({ sub: 'u-1' })
    expect(reads).toBe(1)
  })

  test('dies with its session, with its time and by its name', async () => {
    const { sallyport, signIn, ask, clock } = await site({ accessToken: 'reference' })
    const [first, second, third] = [await signIn(), await signIn(), await signIn()]
    const claims = (await ask(first.token)) as Claims
    await sallyport.sessions.revoke(claims.sid ?? '')
    expect(await ask(first.token)).toBe('invalid_token')
    await sallyport.tokens.revoke(((await ask(second.token)) as Claims).jti ?? '')
    expect(await ask(second.token)).toBe('invalid_token')
    clock.turn(899_000)
    expect(await ask(third.token)).toMatchObject({ sub: 'u-1' })
    clock.turn(1000)
    expect(await ask(third.token)).toBe('invalid_token')
  })

  test('of a session that is gone is no good, though nothing revoked it', async () => {
    const { signIn, ask, clock } = await site({
      accessToken: 'reference',
      access: { ttlSeconds: 900 },
      refresh: { idleSeconds: 60 },
    })
    const { token } = await signIn()
    clock.turn(61_000)
    expect(await ask(token)).toBe('invalid_token')
  })

  test('is another one after a refresh, and the one before is good until its time is over', async () => {
    const { signIn, refresh, ask } = await site({ accessToken: 'reference' })
    const first = await signIn()
    const second = await refresh(first.cookie)
    expect(second.token).not.toBe(first.token)
    expect(await ask(first.token)).toMatchObject({ gen: 1 })
    expect(await ask(second.token)).toMatchObject({ gen: 2 })
  })

  test('has one spelling, and cannot be guessed, made longer or made by others', async () => {
    const { signIn, ask } = await site({ accessToken: 'reference' })
    const { token } = await signIn()
    for (let at = 4; at < token.length; at++) expect(await ask(flipped(token, at))).toBe('invalid_token')
    for (const text of [`${token}A`, token.slice(0, -1), `${token}=`, 'spa_', `spa_${'A'.repeat(82)}`])
      expect(await ask(text)).toBe('invalid_token')
    const other = await site({ accessToken: 'reference', secret: 'another secret, also with 32 bytes' })
    expect(await other.ask(token)).toBe('invalid_token')
  })

  test('is 503 while the store is away and nothing is known of it', async () => {
    let away = false
    const store = readOtherwise(
      (read) => (id) => (away ? Promise.resolve({ kind: 'unavailable' }) : read(id)),
    )
    const { signIn, ask } = await site({ accessToken: 'reference', store })
    const [known, fresh] = [await signIn(), await signIn()]
    await ask(known.token)
    away = true
    expect(await ask(known.token)).toMatchObject({ sub: 'u-1' })
    expect(await ask(fresh.token)).toBe('temporarily_unavailable')
    away = false
    expect(await ask(fresh.token)).toMatchObject({ sub: 'u-1' })
  })

  test('is not taken where tokens are no references', async () => {
    const { token } = await (await site({ accessToken: 'reference' })).signIn()
    expect(await (await site({})).ask(token)).toBe('invalid_token')
  })
})

describe('an access token that is encrypted', () => {
  test('shows nothing but how it is encrypted, and is verified as the signed one in it', async () => {
    const { signIn, ask, sallyport } = await site({ accessToken: 'encrypted' })
    const { token } = await signIn()
    const [active] = sallyport.keys.list()
    const header = decodeProtectedHeader(token)
    expect(header).toEqual({ alg: 'dir', enc: 'A256GCM', cty: 'JWT', kid: expect.any(String) })
    expect(header.kid?.endsWith(`.${active?.kid}`)).toBe(true)
    expect(() => decodeJwt(token)).toThrow()
    expect(token).not.toContain(Buffer.from('u-1').toString('base64url'))
    expect(await ask(token)).toMatchObject({ sub: 'u-1', scope: 'read' })
  })

  test('is refused when anything of it is another, or when it is somebody else’s', async () => {
    const { signIn, ask } = await site({ accessToken: 'encrypted' })
    const { token } = await signIn()
    for (let at = 0; at < token.length; at += 5)
      if (token[at] !== '.') expect(await ask(flipped(token, at)), `at ${at}`).toBe('invalid_token')
    const other = await site({ accessToken: 'encrypted', secret: 'another secret, also with 32 bytes' })
    expect(await other.ask(token)).toBe('invalid_token')
    expect(await (await site({})).ask(token)).toBe('invalid_token')
  })

  test('goes on being good when the secret is replaced, as long as the old one is in the list', async () => {
    const store = memoryStore()
    const opened = await store.open(storeContext)
    const shared = { ...store, open: () => Promise.resolve(opened) }
    const { token } = await (await site({ accessToken: 'encrypted', store: shared })).signIn()
    const next = 'the secret that comes after, 32 bytes'
    const later = await site({ accessToken: 'encrypted', store: shared, secret: [next, SECRET] })
    expect(await later.ask(token)).toMatchObject({ sub: 'u-1' })
  })

  test('is refused once its key is compromised', async () => {
    const { signIn, refresh, ask, sallyport } = await site({ accessToken: 'encrypted' })
    const first = await signIn()
    const [active] = sallyport.keys.list()
    await sallyport.keys.compromise(active?.kid ?? '')
    expect(await ask(first.token)).toBe('invalid_token')
    const second = await refresh(first.cookie)
    expect(await ask(second.token)).toMatchObject({ sub: 'u-1', gen: 2 })
  })
})

describe('claims of the application', () => {
  test('stand in each token, asked for anew at each refresh', async () => {
    let plan = 'free'
    const { signIn, refresh, ask } = await site({ claims: { of: async () => ({ plan }) } })
    const first = await signIn()
    expect(await ask(first.token)).toMatchObject({ plan: 'free', sub: 'u-1' })
    plan = 'paid'
    expect(await ask((await refresh(first.cookie)).token)).toMatchObject({ plan: 'paid' })
  })

  test.each([
    ['an e-mail address', { contact: 'ada@example.com' }, ['contact'], /e-mail/],
    ["a person's name", { profile: { given_name: 'Ada' } }, ['profile.given_name'], /name/],
    ['what is not allowed', { plan: 'free', level: 3 }, ['level'], /claims\.allow/],
    ['a claim of the library', { sub: 'u-2' }, ['sub'], /library/],
    ['too much', { plan: 'x'.repeat(2000) }, [], /1024 bytes/],
    ['what is no JSON', { plan: 1n }, ['plan'], /JSON/],
  ])('are refused with %s, by name and without the value', async (_what, claims, names, says) => {
    const allow = _what === 'what is not allowed' ? ['plan'] : undefined
    const { signIn } = await site({ claims: { of: () => claims, allow } })
    const fault = await signIn().catch((error) => error)
    expect(fault).toMatchObject({ name: 'ClaimsError', code: 'ERR_CLAIMS', claims: names })
    expect(fault.message).toMatch(says)
    for (const value of ['ada@example.com', 'Ada', 'u-2', 'xxx']) expect(fault.message).not.toContain(value)
  })

  test('that look like a leak are let through with a notice where that was chosen, and not in production', async () => {
    const claims = { of: () => ({ contact: 'ada@example.com' }), leaks: 'warn' } as const
    const warnings: string[] = []
    const listen = (warning: Error): void => void warnings.push(warning.message)
    process.on('warning', listen)
    const { signIn, ask } = await site({ claims })
    expect(await ask((await signIn()).token)).toMatchObject({ contact: 'ada@example.com' })
    await signIn()
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', listen)
    expect(warnings.filter((line) => line.includes('"contact"'))).toHaveLength(1)
    expect(warnings.join()).not.toContain('ada@')
    await expect(
      createSallyport({
        issuer: 'https://a.example',
        audience: 'https://b.example',
        secret: SECRET,
        store: memoryStore(),
        production: true,
        claims,
      }),
    ).rejects.toMatchObject({ option: 'claims.leaks' })
  })

  test('whose content was exempted are let through', async () => {
    const { signIn, ask } = await site({
      claims: { of: () => ({ contact: 'a@b.example' }), exempt: ['contact'] },
    })
    expect(await ask((await signIn()).token)).toMatchObject({ contact: 'a@b.example' })
  })

  describe('that are sealed for one audience', () => {
    const HR = 'https://hr.example.com'
    test.each([
      ['P-256', 'ECDH-ES+A256KW', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
      ['X25519', 'ECDH-ES+A256KW', () => generateKeyPairSync('x25519')],
      ['RSA', 'RSA-OAEP-256', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ])('are read there alone, by a key on %s', async (_what, alg, make) => {
      const { privateKey, publicKey } = make()
      const own = privateKey.export({ format: 'jwk' })
      const salary = { amount: 4200, iban: 'GB33BUKB20201555555555' }
      const { signIn, ask } = await site({
        claims: {
          of: () => ({ plan: 'pro', salary }),
          sealed: { salary: { audience: HR, key: publicKey.export({ format: 'jwk' }) } },
        },
      })
      const claims = (await ask((await signIn()).token)) as Claims
      expect(claims.plan).toBe('pro')
      const { salary: sealed } = claims
      expect(decodeProtectedHeader(String(sealed))).toMatchObject({ alg, enc: 'A256GCM', aud: HR })
      expect(await openClaim(sealed, { audience: HR, keys: [own] })).toEqual({
        kind: 'opened',
        value: salary,
      })

      const stranger = make().privateKey.export({ format: 'jwk' })
      const refused = { kind: 'refused' }
      expect(await openClaim(sealed, { audience: 'https://other.example', keys: [own] })).toEqual(refused)
      expect(await openClaim(sealed, { audience: HR, keys: [stranger] })).toEqual(refused)
      expect(await openClaim(sealed, { audience: HR, keys: [] })).toEqual(refused)
      for (const text of ['', 'x', 5, undefined, `${sealed}A`, flipped(String(sealed), 12)])
        expect(await openClaim(text, { audience: HR, keys: [own] })).toEqual(refused)
    })

    test('are not opened with keys for something else, which are refused by their path', async () => {
      const { privateKey, publicKey } = generateKeyPairSync('x25519')
      const own = privateKey.export({ format: 'jwk' })
      const opened = (key: object) => openClaim('x', { audience: HR, keys: [own, key] })
      await expect(opened({ ...own, use: 'sig' })).rejects.toMatchObject({
        option: 'keys.1.use',
        message: '"keys.1.use" must be "enc" or left out; got "sig"',
      })
      await expect(opened(publicKey.export({ format: 'jwk' }))).rejects.toMatchObject({
        option: 'keys.1',
        message: '"keys.1" must be a private JWK',
      })
    })

    test.each([
      ['no key', {}],
      ['a symmetric key', { kty: 'oct', k: 'AAAA' }],
      ['a key for signatures', { ...generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }) }],
      [
        'a short RSA key',
        generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' }),
      ],
      [
        'a key whose use is another',
        { ...generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' }), use: 'sig' },
      ],
    ])('are refused at start with %s', async (_what, key) => {
      const fault = await site({
        claims: { of: () => ({}), sealed: { salary: { audience: HR, key } } },
      }).catch((error) => error)
      expect(fault).toMatchObject({
        name: 'ConfigError',
        option: expect.stringMatching(/^claims\.sealed\.salary\.key/),
      })
    })
  })
})
