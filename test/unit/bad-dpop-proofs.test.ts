import { describe, expect, test } from 'vitest'
import { createProofs, type DpopSettings, type Proofs } from '../../packages/core/src/access/dpop/index.ts'
import { createMemoryOnce } from '../../packages/core/src/memory/once.ts'
import type { OnceStore } from '../../packages/core/src/ports/optional/once.ts'
import type { RequestView } from '../../packages/core/src/seam/http.ts'
import { badProofs } from '../conformance/dpop/bad-proofs.ts'
import { type About, type Changes, type ProofKey, proof, proofKey } from '../conformance/dpop/proofs.ts'
import { type TurnedClock, turnedClock } from '../support/turned-clock.ts'
import { viewOf } from './view.ts'

const TOKEN = 'the access token'
const key = await proofKey('ES256')
/** What the names of bad proofs suppose. */
const HOST = '127.0.0.1:8080'

interface World {
  readonly clock: TurnedClock
  readonly proofs: Proofs
  readonly notices: readonly string[]
  about(by?: ProofKey): About
  ask(dpop: string | undefined, more?: Partial<RequestView>, jkt?: string): ReturnType<Proofs['ofToken']>
}

function world(settings: Partial<DpopSettings> = {}, once: OnceStore = createMemoryOnce()): World {
  const clock = turnedClock()
  const notices: string[] = []
  const proofs = createProofs(
    { mode: 'accepted', nonces: 'off', windowMs: 60_000, origins: 'asked', ...settings },
    { once, clock, nonceKeys: [new Uint8Array(32)], notice: (message) => notices.push(message) },
  )
  if (proofs === undefined) throw new TypeError('there are no proofs')
  return {
    ...{ clock, proofs, notices },
    about: (by = key) => ({
      ...{ key: by, method: 'GET', url: `http://${HOST}/me`, token: TOKEN, now: clock.now() },
    }),
    ask: (dpop, more = {}, jkt = key.jkt) =>
      proofs.ofToken(
        viewOf({
          method: 'GET',
          target: '/me',
          headers: { host: HOST, ...(dpop === undefined ? {} : { dpop }) },
          ...more,
        }),
        { token: TOKEN, jkt },
      ),
  }
}

test.each(badProofs)('beside a bound token, a proof is refused with $name', async ({ make, reason }) => {
  const { about, ask } = world()
  const made = await make(about())
  const [first, ...others] = [made].flat()
  const outcome = await ask(first === undefined ? undefined : [first, ...others].join(', '))
  const expected = reason === 'dpop_missing' ? { kind: 'absent' } : { kind: 'invalid', why: reason.slice(5) }
  expect(outcome).toEqual(expected)
})

test('a header that Node.js gives as an array is refused as repeated', async () => {
  const { proofs, about } = world()
  const headers = { host: HOST, dpop: [proof(about())] }
  const outcome = await proofs.ofToken(viewOf({ method: 'GET', target: '/me', headers }), {
    ...{ token: TOKEN, jkt: key.jkt },
  })
  expect(outcome).toEqual({ kind: 'invalid', why: 'repeated' })
})

test.each(['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256'] as const)(
  'a proof by %s is accepted, and the next one with the same header too',
  async (alg) => {
    const other = await proofKey(alg)
    const { about, ask } = world()
    for (const claims of [{}, {}, { nbf: about().now / 1000 + 5, exp: about().now / 1000 + 1 }])
      expect(await ask(proof(about(other), { claims }), {}, other.jkt)).toEqual({
        ...{ kind: 'proved', jkt: other.jkt, nonce: undefined },
      })
    expect(await ask(proof(about(other)))).toEqual({ kind: 'invalid', why: 'holder' })
  },
)

test('a known key does not make another header, signature or claim good', async () => {
  const { about, ask } = world()
  expect(await ask(proof(about()))).toMatchObject({ kind: 'proved' })
  const another = await proofKey('ES256')
  const cases: readonly (readonly [string, Changes])[] = [
    ['type', { header: { typ: 'JWT' } }],
    ['signature', { key: another }],
    ['claims', { claims: { jti: 5 } }],
    ['holder', { header: { jwk: another.jwk }, key: another }],
  ]
  for (const [why, changes] of cases)
    expect(await ask(proof(about(), changes))).toEqual({ kind: 'invalid', why })
  expect(await ask(proof(about()))).toMatchObject({ kind: 'proved' })
})

describe('a proof is remembered', () => {
  const marks: { readonly keptMs: number; readonly at: number; readonly name: string }[] = []
  const noting: OnceStore = {
    mark: async (mark) => {
      marks.push(mark)
      return { kind: 'first' }
    },
    look: () => Promise.reject(new Error('not asked')),
  }

  test('for half a minute longer than it can be used, by its key and its jti', async () => {
    const { clock, about, ask } = world({}, noting)
    marks.length = 0
    const iat = clock.now() / 1000 - 10
    await ask(proof(about(), { claims: { iat, jti: 'a' } }))
    await ask(proof(about(), { claims: { iat, jti: 'a' } }), { method: 'GET' })
    await ask(proof(about(), { claims: { iat, jti: 'b' } }))
    const other = await proofKey('ES256')
    await ask(proof(about(other), { claims: { iat, jti: 'a' } }), {}, other.jkt)
    expect(marks.map(({ keptMs, at }) => [keptMs, at])).toEqual(marks.map(() => [80_000, clock.now()]))
    const [first, again, ...others] = marks.map(({ name }) => name)
    expect(first).toMatch(/^[\w-]{22}$/)
    expect(again).toBe(first)
    expect(new Set([first, ...others]).size).toBe(3)
  })

  test.each([{ kind: 'unavailable' } as const])(
    'or refused while the store does not answer',
    async (outcome) => {
      const { about, ask } = world({}, { ...noting, mark: async () => outcome })
      expect(await ask(proof(about()))).toEqual(outcome)
    },
  )
})

describe('a proof for another origin', () => {
  const forOrigin = ({ about }: World, origin: string): string =>
    proof(about(), { claims: { htu: `${origin}/me` } })

  test('is told once for each origin, of at most twenty', async () => {
    const here = world()
    const origins = Array.from({ length: 25 }, (_, index) => `https://api${index}.example.com`)
    for (const origin of [...origins, ...origins]) await here.ask(forOrigin(here, origin))
    expect(here.notices).toHaveLength(20)
    expect(here.notices[0]).toBe(
      `a DPoP proof for "https://api0.example.com" was refused (Host: "${HOST}", TLS: no): ` +
        'if clients reach this server there, trust the proxy in your framework, or name the origin in "dpop.origins"',
    )
    await here.ask(forOrigin(here, origins[0] ?? ''), { secure: true })
    expect(here.notices).toHaveLength(20)
  })

  test('says whether the request came over TLS', async () => {
    const here = world()
    await here.ask(forOrigin(here, 'http://example.com'), { secure: true })
    expect(here.notices).toEqual([expect.stringContaining('TLS: yes')])
  })

  test('is good where the application names that origin, and only then', async () => {
    const here = world({ origins: ['https://a.example.com', 'https://b.example.com'] })
    expect(await here.ask(forOrigin(here, 'https://b.example.com'))).toMatchObject({ kind: 'proved' })
    expect(await here.ask(forOrigin(here, `http://${HOST}`))).toEqual({ kind: 'invalid', why: 'url' })
    expect(here.notices).toHaveLength(1)
  })

  test('is not told of where the path alone is another', async () => {
    const here = world({ origins: ['https://a.example.com', 'https://b.example.com'] })
    await here.ask(proof(here.about(), { claims: { htu: 'https://a.example.com/you' } }))
    await here.ask(proof(here.about(), { claims: { htu: 'not a URL' } }))
    expect(here.notices).toEqual([])
  })
})

test('a request that asks for a nonce gets the current one, and the proof may be as old as it is', async () => {
  const { clock, about, ask } = world({ nonces: 'required' })
  const first = await ask(proof(about()))
  if (first.kind !== 'use_nonce') throw new TypeError(first.kind)
  const { nonce } = first
  for (const wrong of ['', `${nonce.slice(0, -1)}!`, nonce.toLowerCase()])
    expect(await ask(proof(about(), { claims: { nonce: wrong } }))).toEqual(first)
  expect(await ask(proof(about(), { claims: { nonce, iat: 0 } }))).toMatchObject({ kind: 'proved' })
  const exp = clock.now() / 1000
  expect(await ask(proof(about(), { claims: { nonce, exp } }))).toEqual({ kind: 'invalid', why: 'time' })
})

test('the check cannot be made without a store that remembers, nor is there one without the option', () => {
  const clock = turnedClock()
  const parts = { once: undefined, clock, nonceKeys: [new Uint8Array(32)], notice: () => {} } as const
  const settings = { mode: 'accepted', nonces: 'off', windowMs: 1, origins: 'asked' } as const
  expect(createProofs(undefined, parts)).toBeUndefined()
  expect(() => createProofs(settings, parts)).toThrow(
    '"store" cannot remember which proofs were used, which the option "dpop" needs',
  )
})
