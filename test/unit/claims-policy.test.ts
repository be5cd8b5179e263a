import { type ClaimsPolicy, judgeClaims } from '@sallyport/claims-policy'
import { describe, expect, test } from 'vitest'
import { harmless, leaking } from './claims-policy-cases.ts'

const open: ClaimsPolicy = { maxBytes: 4096 }
const title = (claims: object): string => JSON.stringify(claims).slice(0, 90)
const json = (text: string): Record<string, unknown> => JSON.parse(text)
const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) })

function textsOf(value: unknown): string[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(textsOf)
  return typeof value === 'string' || typeof value === 'number' ? [String(value)] : []
}

describe('what must not be read by everybody is refused by its path and kind:', () => {
  test.each(leaking.map((row) => [row.kind, title(row.claims), row] as const))(
    '%s %s',
    (_kind, _title, row) => {
      const verdict = judgeClaims(row.claims, open)
      expect(verdict).toEqual({ kind: 'leaking', leaks: [{ claim: row.claim, kind: row.kind }] })
      const told = JSON.stringify(verdict)
      for (const text of textsOf(row.claims).filter(({ length }) => length > 7))
        expect(told).not.toContain(text)
    },
  )

  test('all of them at once', () => {
    const verdict = judgeClaims(
      { a: 'a@b.example', email: 'x', fine: 1, key: { kty: 'RSA', d: 'x', p: 'y' } },
      open,
    )
    const leaks = ['a email', 'email email', 'key.d secret', 'key.p secret']
    expect(verdict.kind === 'leaking' && verdict.leaks.map(({ claim, kind }) => `${claim} ${kind}`)).toEqual(
      leaks,
    )
  })
})

describe('what is harmless passes:', () => {
  test.each(harmless.map((claims) => [title(claims), claims] as const))('%s', (_title, claims) => {
    expect(judgeClaims(claims, open)).toEqual({ kind: 'fit' })
  })
})

test('there are enough of both to tell them apart', () => {
  expect(leaking.length).toBeGreaterThan(150)
  expect(harmless.length).toBeGreaterThan(100)
})

describe('the policy', () => {
  const allowed = new Set(['tenant', 'plan'])

  test('lets only allowed names through, whatever is in them', () => {
    expect(judgeClaims({ tenant: { any: 1 } }, { ...open, allowed })).toEqual({ kind: 'fit' })
    const verdict = judgeClaims(
      { tenant: 1, seats: 2, 'a@b.example': 3, ['x'.repeat(65)]: 4 },
      { ...open, allowed },
    )
    expect(verdict).toEqual({ kind: 'not_allowed', claims: ['seats', '*', '*'] })
  })

  test('leaves what is exempt alone, by name or by path, and nothing beside it', () => {
    const claims = { email: 'a@b.example', profile: { contacts: ['a@b.example', 'c@d.example'] } }
    const leaksWith = (...exempt: string[]) => {
      const verdict = judgeClaims(claims, { ...open, exempt: new Set(exempt) })
      return verdict.kind === 'leaking' ? verdict.leaks.map(({ claim }) => claim) : verdict.kind
    }
    expect(leaksWith('profile')).toEqual(['email'])
    expect(leaksWith('email', 'profile.contacts.0')).toEqual(['profile.contacts.1'])
    expect(leaksWith('contacts', 'prof', 'profile.con')).toHaveLength(3)
    expect(leaksWith('email', 'profile')).toBe('fit')
  })

  test('exempts nothing from the other rules', () => {
    expect(judgeClaims({ sub: 'x' }, { ...open, exempt: new Set(['sub']) }).kind).toBe('reserved')
    expect(judgeClaims({ x: 'y'.repeat(5000) }, { ...open, exempt: new Set(['x']) }).kind).toBe('too_large')
  })
})

describe('names that are not for applications:', () => {
  const ours = 'iss sub aud exp iat nbf jti client_id sid gen scope auth_time acr amr cnf kid'.split(' ')

  test.each([...ours, 'constructor', 'prototype'])('%s', (name) => {
    const policy = { ...open, allowed: new Set([name]) }
    expect(judgeClaims({ [name]: 'x', fine: 1 }, policy)).toEqual({ kind: 'reserved', claims: [name] })
  })

  test('__proto__ and constructor at any depth', () => {
    const claims = json(
      '{"__proto__":{"scope":"a"},"deep":[{"__proto__":1},{"constructor":{"prototype":2}}]}',
    )
    const found = ['__proto__', 'deep.0.__proto__', 'deep.1.constructor', 'deep.1.constructor.prototype']
    expect(judgeClaims(claims, open)).toEqual({ kind: 'reserved', claims: found })
  })

  test('ours are free further in', () => {
    expect(judgeClaims({ upstream: { sub: 'user-1', scope: 'a' } }, open)).toEqual({ kind: 'fit' })
  })
})

describe('what is no JSON is refused by its path:', () => {
  class Plan {}
  const ring: Record<string, unknown> = {}
  ring.self = { ring }
  const rows: readonly (readonly [what: string, claims: unknown, claim: string])[] = [
    ['nothing', undefined, ''],
    ['a list', [], ''],
    ['a string', 'x', ''],
    ['a map', new Map(), ''],
    ['a proxy', { a: new Proxy({}, {}) }, 'a'],
    ['a function', { a: () => 1 }, 'a'],
    ['a symbol', { a: Symbol('x') }, 'a'],
    ['a bigint', { a: [1n] }, 'a.0'],
    ['no number', { a: Number.NaN }, 'a'],
    ['infinity', { a: { b: Number.POSITIVE_INFINITY } }, 'a.b'],
    ['a date', { a: new Date(0) }, 'a'],
    ['an object of a class', { a: new Plan() }, 'a'],
    ['bytes', { a: new Uint8Array(4) }, 'a'],
    ['undefined in a list', { a: [undefined] }, 'a.0'],
    ['a hole', { a: Object.assign(new Array(3), { 0: 1, 2: 2 }) }, 'a.1'],
    ['a getter', Object.defineProperty({}, 'a', { enumerable: true, get: () => 1 }), 'a'],
    ['a hidden toJSON', { a: Object.defineProperty({}, 'toJSON', { value: () => 'x' }) }, 'a'],
    ['a list with a toJSON', { a: Object.assign([], { toJSON: 1 }) }, 'a'],
    ['below a name that leaks', { 'a@b.example': { b: 1n } }, '*.b'],
    ['a ring', ring, 'self.ring.self.ring.self.ring.self.ring.self'],
    ['nine levels', { a: nested(8) }, 'a.a.a.a.a.a.a.a.a'],
    ['a very long list', { a: new Array(2 ** 32 - 1) }, 'a'],
    [
      'more than 1000 members',
      { a: Object.fromEntries(Array.from({ length: 1000 }, (_x, at) => [at, 1])) },
      'a',
    ],
  ]
  test.each(rows)('%s', (_what, claims, claim) => {
    expect(judgeClaims(claims as Record<string, unknown>, open)).toEqual({ kind: 'not_json', claim })
  })

  test('but eight levels, an object without a prototype and undefined are JSON', () => {
    const claims = Object.assign(Object.create(null), { a: nested(7), b: undefined })
    expect(judgeClaims(claims, open)).toEqual({ kind: 'fit' })
  })

  test('what shares its parts a million times over costs no more than a thousand members', () => {
    const shared = Array.from({ length: 7 }).reduce<unknown>((inner) => Array(10).fill(inner), 1)
    expect(judgeClaims({ shared }, open).kind).toBe('not_json')
  })
})

describe('the size', () => {
  test('is counted in bytes as JSON', () => {
    const claims = { a: 'é'.repeat(20) }
    expect(judgeClaims(claims, { ...open, maxBytes: 48 })).toEqual({ kind: 'fit' })
    expect(judgeClaims(claims, { ...open, maxBytes: 47 })).toEqual({ kind: 'too_large', bytes: 48 })
    expect(judgeClaims({ ['n'.repeat(50)]: 1 }, { ...open, maxBytes: 47 })).toEqual({
      kind: 'too_large',
      bytes: 50,
    })
  })

  test('is at most 16,384, whatever the policy says', () => {
    const policy = { ...open, maxBytes: Number.POSITIVE_INFINITY }
    expect(judgeClaims({ a: 'x'.repeat(16_376) }, policy)).toEqual({ kind: 'fit' })
    expect(judgeClaims({ a: 'x'.repeat(16_377) }, policy)).toEqual({ kind: 'too_large', bytes: 16_385 })
  })
})
