import { describe, expect, test } from 'vitest'
import { parseIssuers } from '../../packages/core/src/options/issuers.ts'
import { configFault } from '../support/config-fault.ts'

const issuer = 'https://login.example.com'
const jwks = 'https://login.example.com/jwks'
const good = { issuer, audience: 'https://api.example.com', jwks, algorithms: ['RS256'] }
const { jwks: _jwks, ...bare } = good

describe('an issuer', () => {
  test('is none when nothing is given', () => {
    expect(parseIssuers({})).toEqual([])
    expect(parseIssuers({ issuers: [] })).toEqual([])
  })

  test('gets what is not said', () => {
    expect(parseIssuers({ issuers: [good] })).toEqual([
      {
        issuer,
        audience: ['https://api.example.com'],
        keys: { kind: 'jwks', url: new URL(jwks) },
        algorithms: ['RS256'],
        timeoutMs: 3000,
        cooldownSeconds: 30,
        maxAgeSeconds: 600,
        maxStaleSeconds: 86_400,
        untyped: false,
      },
    ])
  })

  test('keeps what is said, its name letter by letter', () => {
    const times = { timeoutMs: 100, cooldownSeconds: 1, maxAgeSeconds: 1, maxStaleSeconds: 1 }
    const given = {
      ...bare,
      ...times,
      issuer: 'https://LOGIN.example.com',
      audience: ['a', 'b'],
      discovery: true,
      untyped: true,
    }
    const [parsed] = parseIssuers({ issuers: [given] })
    expect(parsed).toEqual({
      ...times,
      issuer: 'https://LOGIN.example.com',
      audience: ['a', 'b'],
      untyped: true,
      algorithms: ['RS256'],
      keys: { kind: 'discovery', url: new URL('https://login.example.com/') },
    })
    expect(Object.isFrozen(parsed)).toBe(true)
  })

  test.each([
    'http://localhost:3000',
    'http://127.0.0.1',
    'http://127.8.9.10:80',
    'http://[::1]:3000',
    issuer,
  ])('and its keys may be at %s', (url) => {
    const [parsed] = parseIssuers({ issuers: [{ ...good, issuer: url, jwks: url }] })
    expect(parsed).toMatchObject({ issuer: url, keys: { url: new URL(url) } })
  })

  test('may have keys at a URL with a query', () => {
    const [parsed] = parseIssuers({ issuers: [{ ...good, jwks: `${jwks}?tenant=1` }] })
    expect(parsed?.keys.url.search).toBe('?tenant=1')
  })

  test('is one of several', () => {
    const several = [good, { ...bare, issuer: 'https://other.example.com', discovery: true }]
    expect(parseIssuers(several).map((one) => one.keys.kind)).toEqual(['jwks', 'discovery'])
  })
})

interface WrongOption {
  readonly name: string
  readonly given: unknown
  readonly option: string
  readonly allowed: string
  readonly said?: string
}

const none = 'left out, since there is no such option'
const name = 'an https URL without query and fragment (http on loopback)'
const url = 'an https URL without user, password and fragment (http on loopback)'
const text = 'a text of 1 to 255 characters without white space, or a list of such'
const algorithms = 'a list of "EdDSA", "ES256", "RS256", "PS256"'
const oneAlgorithm = 'one of "EdDSA", "ES256", "RS256", "PS256"'
const on = (more: object) => [{ ...good, ...more }]
const without = (left: keyof typeof good) => [
  Object.fromEntries(Object.entries(good).filter(([key]) => key !== left)),
]

// biome-ignore format: one row, one line
const wrong: readonly WrongOption[] = [
  { name: 'no list', given: good, option: 'issuers', allowed: 'a list of issuers', said: 'a value of type object' },
  { name: 'null', given: null, option: 'issuers', allowed: 'a list of issuers', said: 'null' },
  { name: 'a list of texts', given: [issuer], option: 'issuers.0', allowed: 'an object with issuer, audience, jwks', said: '"https://login.example.com"' },
  { name: 'a list in a list', given: [[]], option: 'issuers.0', allowed: 'an object with issuer', said: 'a list' },
  { name: 'misspelled', given: on({ jwksUri: jwks }), option: 'issuers.0.jwksUri', allowed: none },
  { name: 'the second of two', given: [good, { ...good, issuer: 5 }], option: 'issuers.1.issuer', allowed: 'an https URL', said: '5' },
  { name: 'twice', given: [good, good], option: 'issuers.1.issuer', allowed: 'different from the others', said: `"${issuer}"` },

  { name: 'missing', given: without('issuer'), option: 'issuers.0.issuer', allowed: 'given', said: 'missing' },
  { name: 'a host', given: on({ issuer: 'login.example.com' }), option: 'issuers.0.issuer', allowed: name, said: '"login.example.com"' },
  { name: 'http', given: on({ issuer: 'http://a.example' }), option: 'issuers.0.issuer', allowed: name, said: '"http://a.example"' },
  { name: 'http, nearly on loopback', given: on({ issuer: 'http://127.0.0.1.example' }), option: 'issuers.0.issuer', allowed: name, said: '"http://127.0.0.1.example"' },
  { name: 'http in a private network', given: on({ issuer: 'http://10.0.0.1' }), option: 'issuers.0.issuer', allowed: name, said: '"http://10.0.0.1"' },
  { name: 'a query', given: on({ issuer: 'https://a/?x' }), option: 'issuers.0.issuer', allowed: name, said: '"https://a/?x"' },
  { name: 'a fragment', given: on({ issuer: 'https://a/#x' }), option: 'issuers.0.issuer', allowed: name, said: '"https://a/#x"' },
  { name: 'a user and a password', given: on({ issuer: 'https://u:p@a' }), option: 'issuers.0.issuer', allowed: name, said: '"https://…@a"' },
  { name: 'white space', given: on({ issuer: `${issuer} ` }), option: 'issuers.0.issuer', allowed: name, said: `"${issuer} "` },

  { name: 'missing', given: without('audience'), option: 'issuers.0.audience', allowed: 'given', said: 'missing' },
  { name: 'empty', given: on({ audience: '' }), option: 'issuers.0.audience', allowed: text, said: '""' },
  { name: 'an empty list', given: on({ audience: [] }), option: 'issuers.0.audience', allowed: text, said: 'a list' },

  { name: 'neither it nor discovery', given: without('jwks'), option: 'issuers.0.jwks', allowed: 'given, unless "discovery" is', said: 'missing' },
  { name: 'http', given: on({ jwks: 'http://a.example/jwks' }), option: 'issuers.0.jwks', allowed: url, said: '"http://a.example/jwks"' },
  { name: 'a file', given: on({ jwks: 'file:///jwks.json' }), option: 'issuers.0.jwks', allowed: url, said: '"file:///jwks.json"' },
  { name: 'a user', given: on({ jwks: 'https://user@a/jwks' }), option: 'issuers.0.jwks', allowed: url, said: '"https://…@a/jwks"' },
  { name: 'a password alone', given: on({ jwks: 'https://:secret@a/jwks' }), option: 'issuers.0.jwks', allowed: url, said: '"https://…@a/jwks"' },
  { name: 'an empty fragment', given: on({ jwks: `${jwks}#` }), option: 'issuers.0.jwks', allowed: url, said: `"${jwks}#"` },
  { name: 'a URL object', given: on({ jwks: new URL(jwks) }), option: 'issuers.0.jwks', allowed: url, said: 'a value of type object' },
  { name: 'beside a JWK Set', given: on({ discovery: true }), option: 'issuers.0.discovery', allowed: 'left out, since "jwks" is given' },
  { name: 'a URL', given: [{ ...bare, discovery: issuer }], option: 'issuers.0.discovery', allowed: 'true, or left out', said: `"${issuer}"` },
  { name: 'false', given: on({ discovery: false }), option: 'issuers.0.discovery', allowed: 'true, or left out', said: 'false' },

  { name: 'missing', given: without('algorithms'), option: 'issuers.0.algorithms', allowed: 'given', said: 'missing' },
  { name: 'none', given: on({ algorithms: [] }), option: 'issuers.0.algorithms', allowed: algorithms, said: 'a list' },
  { name: 'no list', given: on({ algorithms: 'RS256' }), option: 'issuers.0.algorithms', allowed: algorithms, said: '"RS256"' },
  { name: 'symmetric', given: on({ algorithms: ['RS256', 'HS256'] }), option: 'issuers.0.algorithms.1', allowed: oneAlgorithm, said: '"HS256"' },
  { name: 'none at all', given: on({ algorithms: ['none'] }), option: 'issuers.0.algorithms.0', allowed: oneAlgorithm, said: '"none"' },

  { name: 'too short', given: on({ timeoutMs: 99 }), option: 'issuers.0.timeoutMs', allowed: 'a whole number from 100 to 30000', said: '99' },
  { name: 'too long', given: on({ timeoutMs: 30_001 }), option: 'issuers.0.timeoutMs', allowed: 'a whole number from 100 to 30000', said: '30001' },
  { name: 'zero', given: on({ cooldownSeconds: 0 }), option: 'issuers.0.cooldownSeconds', allowed: 'a whole number from 1 to 3600', said: '0' },
  { name: 'too long', given: on({ cooldownSeconds: 3601 }), option: 'issuers.0.cooldownSeconds', allowed: 'a whole number from 1 to 3600', said: '3601' },
  { name: 'longer than the age', given: on({ cooldownSeconds: 601 }), option: 'issuers.0.cooldownSeconds', allowed: 'at most maxAgeSeconds (600)', said: '601' },
  { name: 'zero', given: on({ maxAgeSeconds: 0 }), option: 'issuers.0.maxAgeSeconds', allowed: 'a whole number from 1 to 86400', said: '0' },
  { name: 'over a day', given: on({ maxAgeSeconds: 86_401 }), option: 'issuers.0.maxAgeSeconds', allowed: 'a whole number from 1 to 86400', said: '86401' },
  { name: 'over a week', given: on({ maxStaleSeconds: 604_801 }), option: 'issuers.0.maxStaleSeconds', allowed: 'a whole number from 1 to 604800', said: '604801' },
  { name: 'less than the age', given: on({ maxStaleSeconds: 599 }), option: 'issuers.0.maxStaleSeconds', allowed: 'at least maxAgeSeconds (600)', said: '599' },
]

describe('a wrong option is refused by its path:', () => {
  for (const row of wrong)
    test(`${row.option}: ${row.name}`, async () => {
      const fault = await configFault(() => parseIssuers({ issuers: row.given }))
      expect(fault).toMatchObject({ name: 'ConfigError', option: row.option })
      expect(fault.expected).toContain(row.allowed)
      const but = row.said === undefined ? '' : `; got ${row.said}`
      expect(fault.message).toBe(`"${row.option}" must be ${fault.expected}${but}`)
    })
})
