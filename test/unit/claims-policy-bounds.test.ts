import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type ClaimsPolicy, judgeClaims } from '@sallyport/claims-policy'
import fc from 'fast-check'
import { analyse } from 'scslre'
import { describe, expect, test } from 'vitest'
import { parseSource } from '../architecture/source.ts'
import { leaking } from './claims-policy-cases.ts'

const open: ClaimsPolicy = { maxBytes: 16_384 }
const folder = fileURLToPath(new URL('../../packages/claims-policy/src/', import.meta.url))
const nodes = readdirSync(folder).flatMap(
  (name) => parseSource(name, readFileSync(folder + name, 'utf8')).nodes,
)
const patterns = [
  ...new Set(nodes.flatMap((node) => (node.type === 'Literal' && 'regex' in node ? (node.raw ?? []) : []))),
]

/** How the time of a pattern grows where it grows faster than the string. */
function growthOf(pattern: string): string[] {
  const end = pattern.lastIndexOf('/')
  const literal = { source: pattern.slice(1, end), flags: pattern.slice(end + 1) }
  return analyse(literal).reports.map(({ type }) => type)
}

describe('no pattern backtracks in more than linear time', () => {
  test('all are found, and none is put together at run time', () => {
    expect(patterns.length).toBeGreaterThan(40)
    const made = nodes.filter(
      (node) =>
        (node.type === 'NewExpression' || node.type === 'CallExpression') &&
        node.callee.type === 'Identifier' &&
        node.callee.name === 'RegExp',
    )
    expect(made).toEqual([])
  })

  test('the analysis knows those that do', () => {
    expect(growthOf('/(?:a+)+$/')).not.toEqual([])
    expect(growthOf('/a+b/')).not.toEqual([])
  })

  test.each(patterns)('%s', (pattern) => {
    expect(growthOf(pattern)).toEqual([])
  })
})

describe('a string of 100 KB is not searched, a shorter one of the same kind is:', () => {
  const awkward = [
    'a',
    'a@',
    '@a.',
    '1 ',
    '0 12',
    '+1',
    '(0)',
    '4111 ',
    'DE89 ',
    'eyJ',
    'eyJ.',
    '%40',
    '://a:',
    '$2b$',
  ]
  const more = [
    'password ',
    'password=&',
    '-----BEGIN ',
    '[',
    '{"a":',
    '"',
    'YWxp',
    '\u00ad',
    'ﷺ',
    'sk-',
    'a.',
    'A1',
    '01-',
  ]
  test.each([...awkward, ...more])('%s', (piece) => {
    expect(judgeClaims({ memo: piece.repeat(100_000 / piece.length) }, open).kind).toBe('too_large')
    const short = piece.repeat(8000 / Buffer.byteLength(JSON.stringify(piece)))
    expect(['fit', 'leaking']).toContain(judgeClaims({ memo: short }, open).kind)
    expect(judgeClaims({ memo: `${short} alice@example.com` }, open).kind).toBe('leaking')
  })
})

// Below any of these, `name` still means the name of a person.
const names = ['seats', 'limits', 'profile', 'extra', 'meta', 'a', 'items', 'data', 'x-1', 'группа']
/** Always the same ten thousand, because among all hashes some look like keys by chance. */
const hash = fc.nat(9999).map((seed) => createHash('sha256').update(String(seed)).digest())
const scalar = fc.oneof(
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom(
    '',
    'admin',
    'users:read',
    'pro',
    'de-DE',
    'Europe/Berlin',
    'EUR',
    '1.2.3',
    'ACTIVE',
    '12:30',
  ),
  fc.integer({ min: -9_999_999, max: 9_999_999 }),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
  fc.integer({ min: 1_500_000_000, max: 1_999_999_999 }),
  fc.integer({ min: 1_500_000_000_000, max: 1_999_999_999_999 }),
  fc.bigInt({ min: 10n ** 18n, max: 2n * 10n ** 18n }).map(String),
  fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((date) => date.toISOString()),
  fc.uuid(),
  fc.ulid(),
  fc.ipV4(),
  fc.ipV6(),
  hash.map((bytes) => bytes.toString('hex', 20)),
  hash.map((bytes) => bytes.toString('hex')),
  hash.map((bytes) => bytes.toString('base64url')),
)
const { claims: harmless } = fc.letrec<{ claims: Record<string, unknown>; value: unknown }>((tie) => ({
  claims: fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 5 }),
  value: fc.oneof({ maxDepth: 3 }, scalar, fc.array(tie('value'), { maxLength: 4 }), tie('claims')),
}))

/** The objects among claims, each with its path. */
function placesIn(value: unknown, path: readonly string[] = []): { path: readonly string[]; at: object }[] {
  if (typeof value !== 'object' || value === null) return []
  const below = Object.entries(value).flatMap(([name, inner]) => placesIn(inner, [...path, name]))
  return Array.isArray(value) ? below : [{ path, at: value }, ...below]
}

describe('random claims', () => {
  test('of harmless values pass', () => {
    fc.assert(
      fc.property(harmless, (claims) => {
        expect(judgeClaims(claims, open)).toEqual({ kind: 'fit' })
      }),
      { numRuns: 3000 },
    )
  })

  test('with one leak at any place are refused for it alone, by its path', () => {
    fc.assert(
      fc.property(harmless, fc.constantFrom(...leaking), fc.nat(), (given, row, chosen) => {
        const claims = structuredClone(given)
        const places = placesIn(claims)
        const { path, at } = places[chosen % places.length] ?? { path: [], at: claims }
        Object.assign(at, row.claims)
        const leaks = [{ claim: [...path, row.claim].join('.'), kind: row.kind }]
        expect(judgeClaims(claims, open)).toEqual({ kind: 'leaking', leaks })
      }),
      { numRuns: 3000 },
    )
  })
})
