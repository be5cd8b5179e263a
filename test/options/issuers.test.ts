import { describe, expect, test } from 'vitest'
import { issuersRoom } from '../../packages/core/src/options/issuers/index.ts'
import { configFault } from '../support/config-fault.ts'
import { expectRefusal, type WrongOption } from '../support/wrong-option.ts'

const issuer = 'https://login.example.com'
const jwks = 'https://login.example.com/jwks'
const good = { issuer, audience: 'https://api.example.com', jwks, algorithms: ['RS256'] }
const { jwks: _jwks, ...bare } = good

describe('an issuer', () => {
  test('is none when nothing is given', () => {
    expect(issuersRoom.read({}, false).issuers).toEqual([])
    expect(issuersRoom.read({ issuers: [] }, false).issuers).toEqual([])
  })

  test('gets what is not said', () => {
    expect(issuersRoom.read({ issuers: [good] }, false).issuers).toEqual([
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
        audienceClaim: 'aud',
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
      audienceClaim: 'client_id',
    }
    const [parsed] = issuersRoom.read({ issuers: [given] }, false).issuers
    expect(parsed).toEqual({
      ...times,
      issuer: 'https://LOGIN.example.com',
      audience: ['a', 'b'],
      audienceClaim: 'client_id',
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
    const [parsed] = issuersRoom.read({ issuers: [{ ...good, issuer: url, jwks: url }] }, false).issuers
    expect(parsed).toMatchObject({ issuer: url, keys: { url: new URL(url) } })
  })

  test('waits between fetches no longer than its keys are good', () => {
    const read = (more: object) => issuersRoom.read({ issuers: [{ ...good, ...more }] }, false).issuers[0]
    expect(read({ maxAgeSeconds: 10 })).toMatchObject({ cooldownSeconds: 10, maxAgeSeconds: 10 })
    expect(read({ maxAgeSeconds: 31 })).toMatchObject({ cooldownSeconds: 30, maxAgeSeconds: 31 })
  })

  test('may have keys at http in a network that is trusted', () => {
    for (const url of ['http://keycloak:8080/certs', 'http://10.0.0.1/jwks', 'http://localhost:8080/jwks']) {
      const given = [{ ...good, jwks: url, insecureJwks: true }]
      expect(issuersRoom.read({ issuers: given }, true).issuers[0]?.keys).toEqual({
        kind: 'jwks',
        url: new URL(url),
      })
    }
  })

  test('may have keys at a URL with a query', () => {
    const [parsed] = issuersRoom.read({ issuers: [{ ...good, jwks: `${jwks}?tenant=1` }] }, false).issuers
    expect(parsed?.keys?.url.search).toBe('?tenant=1')
  })

  test('is one of several', () => {
    const several = [good, { ...bare, issuer: 'https://other.example.com', discovery: true }]
    expect(issuersRoom.read({ issuers: several }, false).issuers.map((one) => one.keys?.kind)).toEqual([
      'jwks',
      'discovery',
    ])
  })
})

const name = 'an https URL without query and fragment (http on loopback)'
const url = 'an https URL without user, password and fragment (http on loopback)'
const audiences = 'a string of 1 to 255 characters without white space, or an array of them'
const algorithms = 'an array of "EdDSA", "ES256", "RS256", "PS256"'
const oneAlgorithm = 'one of "EdDSA", "ES256", "RS256", "PS256"'
const known =
  'issuer, audience, audienceClaim, jwks, insecureJwks, discovery, algorithms, untyped, timeoutMs, cooldownSeconds, maxAgeSeconds, maxStaleSeconds, introspection'
const on = (more: object) => [{ ...good, ...more }]
const without = (left: keyof typeof good) => [
  Object.fromEntries(Object.entries(good).filter(([key]) => key !== left)),
]

// biome-ignore format: one row, one line
const wrong: readonly WrongOption[] = [
  { name: 'no array', options: good, option: 'issuers', allowed: 'an array of issuers', given: 'an object' },
  { name: 'null', options: null, option: 'issuers', allowed: 'an array of issuers', given: 'null' },
  { name: 'an array of strings', options: [issuer], option: 'issuers.0', allowed: 'an object with issuer, audience, audienceClaim, jwks', given: '"https://login.example.com"' },
  { name: 'an array in an array', options: [[]], option: 'issuers.0', allowed: 'an object with issuer', given: 'an empty array' },
  { name: 'misspelled', options: on({ jwksUri: jwks }), option: 'issuers.0.jwksUri', says: 'unknown option "issuers.0.jwksUri" (did you mean "issuers.0.jwks"?)' },
  { name: 'misspelled, in other letters', options: on({ Untyped: true }), option: 'issuers.0.Untyped', says: 'unknown option "issuers.0.Untyped" (did you mean "issuers.0.untyped"?)' },
  { name: 'like no other', options: [good, { ...good, keys: [] }], option: 'issuers.1.keys', says: `unknown option "issuers.1.keys"; there are ${known}` },
  { name: 'the second of two', options: [good, { ...good, issuer: 5 }], option: 'issuers.1.issuer', allowed: 'an https URL', given: '5' },
  { name: 'twice', options: [good, good], option: 'issuers.1.issuer', allowed: 'different from the others', given: `"${issuer}"` },

  { name: 'missing', options: without('issuer'), option: 'issuers.0.issuer', says: '"issuers.0.issuer" is required: give an https URL' },
  { name: 'a host', options: on({ issuer: 'login.example.com' }), option: 'issuers.0.issuer', allowed: name, given: '"login.example.com"' },
  { name: 'http', options: on({ issuer: 'http://a.example' }), option: 'issuers.0.issuer', allowed: name, given: '"http://a.example"' },
  { name: 'http, nearly on loopback', options: on({ issuer: 'http://127.0.0.1.example' }), option: 'issuers.0.issuer', allowed: name, given: '"http://127.0.0.1.example"' },
  { name: 'http in a private network', options: on({ issuer: 'http://10.0.0.1' }), option: 'issuers.0.issuer', allowed: name, given: '"http://10.0.0.1"' },
  { name: 'a query', options: on({ issuer: 'https://a/?x' }), option: 'issuers.0.issuer', allowed: name, given: '"https://a/?x"' },
  { name: 'a fragment', options: on({ issuer: 'https://a/#x' }), option: 'issuers.0.issuer', allowed: name, given: '"https://a/#x"' },
  { name: 'a user and a password', options: on({ issuer: 'https://u:p@a' }), option: 'issuers.0.issuer', allowed: name, given: '"https://…@a"' },
  { name: 'white space', options: on({ issuer: `${issuer} ` }), option: 'issuers.0.issuer', allowed: name, given: `"${issuer} "` },

  { name: 'missing', options: without('audience'), option: 'issuers.0.audience', says: `"issuers.0.audience" is required: give ${audiences}` },
  { name: 'empty', options: on({ audience: '' }), option: 'issuers.0.audience', allowed: audiences, given: '""' },
  { name: 'another claim', options: on({ audienceClaim: 'azp' }), option: 'issuers.0.audienceClaim', allowed: 'one of "aud", "client_id"', given: '"azp"' },
  { name: 'an empty array', options: on({ audience: [] }), option: 'issuers.0.audience', allowed: audiences, given: 'an empty array' },

  { name: 'neither it nor discovery', options: without('jwks'), option: 'issuers.0.jwks', says: '"issuers.0.jwks" is required, unless "issuers.0.discovery" is true' },
  { name: 'http', options: on({ jwks: 'http://a.example/jwks' }), option: 'issuers.0.jwks', allowed: `${url}; in a network that you trust as a whole, set "issuers.0.insecureJwks" to true`, given: '"http://a.example/jwks"' },
  { name: 'a user, in a trusted network', options: on({ jwks: 'http://u:p@a/jwks', insecureJwks: true }), option: 'issuers.0.jwks', allowed: url, given: '"http://…@a/jwks"' },
  { name: 'a file, in a trusted network', options: on({ jwks: 'file:///jwks.json', insecureJwks: true }), option: 'issuers.0.jwks', allowed: url, given: '"file:///jwks.json"' },
  { name: 'http, where the keys alone may use it', options: on({ issuer: 'http://keycloak:8080', jwks: 'http://keycloak:8080/certs', insecureJwks: true }), option: 'issuers.0.issuer', allowed: name, given: '"http://keycloak:8080"' },
  { name: 'with https', options: on({ insecureJwks: true }), option: 'issuers.0.insecureJwks', says: '"issuers.0.insecureJwks" is for http, and "issuers.0.jwks" uses https: remove it' },
  { name: 'with discovery', options: [{ ...bare, discovery: true, insecureJwks: true }], option: 'issuers.0.insecureJwks', says: '"issuers.0.insecureJwks" is for "issuers.0.jwks": give that in place of "issuers.0.discovery", or remove it' },
  { name: 'without either', options: [{ ...bare, insecureJwks: true }], option: 'issuers.0.jwks', says: '"issuers.0.jwks" is required, unless "issuers.0.discovery" is true' },
  { name: 'false', options: on({ insecureJwks: false }), option: 'issuers.0.insecureJwks', allowed: 'true or left out', given: 'false' },
  { name: 'a file', options: on({ jwks: 'file:///jwks.json' }), option: 'issuers.0.jwks', allowed: url, given: '"file:///jwks.json"' },
  { name: 'a user', options: on({ jwks: 'https://user@a/jwks' }), option: 'issuers.0.jwks', allowed: url, given: '"https://…@a/jwks"' },
  { name: 'a password alone', options: on({ jwks: 'https://:secret@a/jwks' }), option: 'issuers.0.jwks', allowed: url, given: '"https://…@a/jwks"' },
  { name: 'an empty fragment', options: on({ jwks: `${jwks}#` }), option: 'issuers.0.jwks', allowed: url, given: `"${jwks}#"` },
  { name: 'a URL object', options: on({ jwks: new URL(jwks) }), option: 'issuers.0.jwks', allowed: url, given: 'an object' },
  { name: 'beside a JWK Set', options: on({ discovery: true }), option: 'issuers.0.discovery', says: 'give either "issuers.0.jwks" or "issuers.0.discovery"' },
  { name: 'a URL', options: [{ ...bare, discovery: issuer }], option: 'issuers.0.discovery', allowed: 'true or left out', given: `"${issuer}"` },
  { name: 'false', options: on({ discovery: false }), option: 'issuers.0.discovery', allowed: 'true or left out', given: 'false' },

  { name: 'missing', options: without('algorithms'), option: 'issuers.0.algorithms', says: `"issuers.0.algorithms" is required: give ${algorithms}` },
  { name: 'none', options: on({ algorithms: [] }), option: 'issuers.0.algorithms', allowed: algorithms, given: 'an empty array' },
  { name: 'twice', options: on({ algorithms: ['RS256', 'RS256'] }), option: 'issuers.0.algorithms.1', allowed: 'different from the others', given: '"RS256"' },
  { name: 'no array', options: on({ algorithms: 'RS256' }), option: 'issuers.0.algorithms', allowed: algorithms, given: '"RS256"' },
  { name: 'symmetric', options: on({ algorithms: ['RS256', 'HS256'] }), option: 'issuers.0.algorithms.1', allowed: oneAlgorithm, given: '"HS256"' },
  { name: 'none at all', options: on({ algorithms: ['none'] }), option: 'issuers.0.algorithms.0', allowed: oneAlgorithm, given: '"none"' },

  { name: 'too short', options: on({ timeoutMs: 99 }), option: 'issuers.0.timeoutMs', allowed: 'a whole number from 100 to 30000', given: '99' },
  { name: 'too long', options: on({ timeoutMs: 30_001 }), option: 'issuers.0.timeoutMs', allowed: 'a whole number from 100 to 30000', given: '30001' },
  { name: 'zero', options: on({ cooldownSeconds: 0 }), option: 'issuers.0.cooldownSeconds', allowed: 'a whole number from 1 to 3600', given: '0' },
  { name: 'too long', options: on({ cooldownSeconds: 3601 }), option: 'issuers.0.cooldownSeconds', allowed: 'a whole number from 1 to 3600', given: '3601' },
  { name: 'longer than the age', options: on({ cooldownSeconds: 601 }), option: 'issuers.0.cooldownSeconds', allowed: 'at most maxAgeSeconds (600)', given: '601' },
  { name: 'zero', options: on({ maxAgeSeconds: 0 }), option: 'issuers.0.maxAgeSeconds', allowed: 'a whole number from 1 to 86400', given: '0' },
  { name: 'over a day', options: on({ maxAgeSeconds: 86_401 }), option: 'issuers.0.maxAgeSeconds', allowed: 'a whole number from 1 to 86400', given: '86401' },
  { name: 'over a week', options: on({ maxStaleSeconds: 604_801 }), option: 'issuers.0.maxStaleSeconds', allowed: 'a whole number from 1 to 604800', given: '604801' },
  { name: 'less than the age', options: on({ maxStaleSeconds: 599 }), option: 'issuers.0.maxStaleSeconds', allowed: 'at least maxAgeSeconds (600)', given: '599' },
]

describe('a wrong option is refused by its path:', () => {
  for (const row of wrong)
    test(`${row.option}: ${row.name}`, async () => {
      expectRefusal(await configFault(() => issuersRoom.read({ issuers: row.options }, false).issuers), row)
    })
})
