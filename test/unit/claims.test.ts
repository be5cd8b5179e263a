import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isScope, readClaims } from '../../packages/core/src/tokens/claims.ts'

const CLAIMS = {
  iss: 'https://auth.example.com',
  sub: 'user-1',
  aud: 'https://api.example.com',
  exp: 1_800_000_000,
  iat: 1_799_999_100,
  jti: 'token-1',
  client_id: 'web',
  sid: 'session-1',
}
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const read = (claims: object) => readClaims(encode(JSON.stringify(claims)))
const without = (name: string) => Object.fromEntries(Object.entries(CLAIMS).filter(([one]) => one !== name))
/** Claims with one member written as it stands: JSON can say more than JavaScript. */
const withRaw = (name: string, raw: string): Uint8Array =>
  encode(
    `{${Object.entries({ ...CLAIMS, [name]: 0 }).map(([one, value]) => `"${one}":${one === name ? raw : JSON.stringify(value)}`)}}`,
  )

describe('claims are read as they are', () => {
  test.each([
    ['the least', {}],
    ['all', { gen: 1, scope: 'a b', auth_time: 5, acr: 'gold', amr: ['pwd'], nbf: 7 }],
    ['several audiences', { aud: ['https://api.example.com', 'https://other.example.com'] }],
    ['no scope', { scope: '' }],
    ['claims of the application', { tenant: 'acme', roles: ['a'], nested: { deep: [1, null] } }],
    ['a subject of 255 characters', { sub: 'x'.repeat(255) }],
    ['a subject from afar', { sub: 'アリス' }],
    ['the greatest instant', { exp: Number.MAX_SAFE_INTEGER }],
    ['the least instant', { iat: 0, auth_time: 0 }],
  ])('%s', (_what, more) => {
    expect(read({ ...CLAIMS, ...more })).toEqual({ ...CLAIMS, ...more })
  })

  test('and nothing in them can be changed, since all requests with a token share them', () => {
    const claims = read({ ...CLAIMS, roles: ['a'], nested: { deep: [{ deeper: {} }, null] } })
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(frozen))
    expect(claims).toBeDefined()
    expect(frozen(claims)).toBe(true)
  })

  test('the last of two members of one name counts, as everywhere in JSON', () => {
    const twice = JSON.stringify(CLAIMS).replace('"sub":"user-1"', '"sub":"user-0","sub":"user-1"')
    expect(readClaims(encode(twice))).toEqual(CLAIMS)
  })

  test('a member that is called __proto__ changes nothing', () => {
    const claims = readClaims(withRaw('__proto__', '{"scope":"admin"}'))
    expect(claims?.scope).toBeUndefined()
    expect(Object.getPrototypeOf(claims ?? {})).toBe(Object.prototype)
  })
})

describe('claims that are not what they must be are refused:', () => {
  test.each(Object.keys(CLAIMS))('%s is missing', (name) => {
    expect(readClaims(encode(JSON.stringify(without(name))))).toBeUndefined()
  })

  const texts = ['1', 'true', 'null', '{}', '["a"]', '[]']
  const identifiers = [...texts, '""', `"${'x'.repeat(256)}"`]
  const instants = ['"5"', 'null', '1.5', '-1', '1e999', '1e20', '9007199254740992', '[5]', '{}', 'true']
  const scopes = ['" a"', '"a "', '"a  b"', '"a\\tb"', '"a\\"b"', '"a\\\\b"', '"ä"', '["a"]', 'null', '1']
  const raws: Readonly<Record<string, readonly string[]>> = {
    iss: texts,
    sub: identifiers,
    jti: identifiers,
    client_id: identifiers,
    sid: identifiers,
    acr: identifiers,
    aud: ['1', 'null', '{}', '[1]', '["a",null]', '[["a"]]', 'true'],
    exp: instants,
    iat: instants,
    nbf: instants,
    auth_time: instants,
    gen: [...instants, '0'],
    scope: scopes,
    amr: ['"pwd"', '[1]', '[""]', '{}', 'null', `["${'x'.repeat(256)}"]`],
  }
  const cases = Object.entries(raws).flatMap(([name, values]) => values.map((raw) => [name, raw] as const))
  for (const [name, raw] of cases)
    test(`${name} is ${raw.slice(0, 20)}`, () => {
      expect(readClaims(withRaw(name, raw))).toBeUndefined()
    })
})

describe('a payload that is no UTF-8 of one JSON object is refused:', () => {
  const good = JSON.stringify(CLAIMS)
  test.each([
    ['nothing', ''],
    ['a text', '"text"'],
    ['a number', '5'],
    ['null', 'null'],
    ['a list', `[${good}]`],
    ['two objects', good + good],
    ['a byte order mark before', `\uFEFF${good}`],
    ['bytes after', `${good}\0`],
    ['a comma too many', good.replace('}', ',}')],
    ['a comment', good.replace('{', '{/* */')],
    ['single quotes', good.replaceAll('"', "'")],
    ['deep nesting', '['.repeat(100_000)],
  ])('%s', (_what, text) => {
    expect(readClaims(encode(text))).toBeUndefined()
  })

  test.each([
    ['UTF-16', Buffer.from(good, 'utf16le')],
    ['Latin-1', Buffer.from(good.replace('user-1', 'ä'), 'latin1')],
    [
      'an overlong form',
      Buffer.concat([Buffer.from(good.slice(0, -2)), Buffer.of(0xc0, 0xaf), Buffer.from('"}')]),
    ],
    [
      'half a surrogate pair',
      Buffer.concat([Buffer.from(good.slice(0, -2)), Buffer.of(0xed, 0xa0, 0x80), Buffer.from('"}')]),
    ],
    [
      'a letter cut short',
      Buffer.concat([Buffer.from(good.slice(0, -2)), Buffer.of(0xc3), Buffer.from('"}')]),
    ],
  ])('%s', (_what, bytes) => {
    expect(readClaims(bytes)).toBeUndefined()
  })

  test('whatever bytes they are, they are claims or nothing', () => {
    const bytes = fc.oneof(fc.uint8Array(), fc.json().map(encode))
    fc.assert(
      fc.property(bytes, (payload) => {
        expect(readClaims(payload)).toBeUndefined()
      }),
    )
  })
})

describe('a scope is spelled as RFC 6749 has it', () => {
  test.each(['', 'a', 'a b c', 'profile:read', '!#[]~', 'a'.repeat(1000)])('%j', (text) => {
    expect(isScope(text)).toBe(true)
  })

  test.each([
    ' ',
    ' a',
    'a ',
    'a  b',
    'a\tb',
    'a\nb',
    'a\n',
    '"',
    '\\',
    'a"b',
    'ä',
    '\u007f',
    '\0',
    '\u2028',
  ])('not so %j', (text) => {
    expect(isScope(text)).toBe(false)
  })

  test('a long one is judged quickly', () => {
    const from = performance.now()
    expect(isScope(`${'a '.repeat(50_000)}"`)).toBe(false)
    expect(isScope(`${'a'.repeat(100_000)} `)).toBe(false)
    expect(performance.now() - from).toBeLessThan(1000)
  })
})
