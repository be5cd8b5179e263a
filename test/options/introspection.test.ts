import { describe, expect, test } from 'vitest'
import { issuersRoom } from '../../packages/core/src/options/issuers/index.ts'
import { configFault } from '../support/config-fault.ts'
import { expectRefusal, type WrongOption } from '../support/wrong-option.ts'

const issuer = 'https://login.example.com'
const url = `${issuer}/introspect`
const introspection = { url, clientId: 'api', clientSecret: 'secret' }
const { url: _url, ...discovered } = introspection
const asked = { issuer, audience: 'https://api.example.com', introspection }
const signed = { jwks: `${issuer}/jwks`, algorithms: ['RS256'] }
const read = (...issuers: object[]) => issuersRoom.read({ issuers }, true).issuers

describe('an issuer that is asked about opaque tokens', () => {
  test('has no signed ones, unless they are mentioned', () => {
    expect(read(asked)).toMatchObject([{ keys: undefined, introspection: { clientId: 'api' } }])
    expect(read({ ...asked, ...signed })).toMatchObject([
      { keys: { kind: 'jwks' }, introspection: { clientId: 'api' } },
    ])
    const { jwks: _jwks, ...algorithms } = signed
    expect(read({ ...asked, ...algorithms, discovery: true })).toMatchObject([
      { keys: { kind: 'discovery' }, introspection: { endpoint: { kind: 'given' } } },
    ])
  })

  test('gets what is not said', () => {
    expect(read(asked)[0]?.introspection).toEqual({
      endpoint: { kind: 'given', url: new URL(url) },
      clientId: 'api',
      clientSecret: 'secret',
      timeoutMs: 3000,
      cacheSeconds: 30,
    })
  })

  test('keeps what is said', () => {
    const clientSecret = (): string => 'secret'
    const given = { url: 'http://127.0.0.1/i?a=b', clientId: 'a b:c', clientSecret, timeoutMs: 100 }
    const [parsed] = read({ ...asked, introspection: { ...given, cacheSeconds: 0 } })
    expect(parsed?.introspection).toEqual({
      endpoint: { kind: 'given', url: new URL('http://127.0.0.1/i?a=b') },
      clientId: 'a b:c',
      clientSecret,
      timeoutMs: 100,
      cacheSeconds: 0,
    })
    expect(Object.isFrozen(parsed?.introspection)).toBe(true)
  })

  test('names its endpoint in its metadata, if that is allowed', () => {
    const [parsed] = read({ ...asked, discovery: true, introspection: discovered })
    expect(parsed).toMatchObject({
      keys: undefined,
      introspection: { endpoint: { kind: 'discovery', url: new URL(issuer) } },
    })
  })
})

const on = (more: object) => [{ ...asked, introspection: { ...introspection, ...more } }]
const beside = (more: object) => [{ ...asked, ...more }]
const at = 'an https URL without user, password and fragment (http on loopback)'
const id = '1 to 255 printable ASCII characters'
const secret = '1 to 1024 printable ASCII characters, or a function'
const other = { ...asked, issuer: 'https://other.example.com' }

// biome-ignore format: one row, one line
const wrong: readonly WrongOption[] = [
  { name: 'of a second issuer', options: [asked, other], option: 'issuers.1.introspection', says: '"issuers.1.introspection" is one too many, because an opaque token does not say whose it is: leave it to "issuers.0", or remove that one' },
  { name: 'a URL', options: beside({ introspection: 5 }), option: 'issuers.0.introspection', allowed: 'an object with url, clientId, clientSecret' },
  { name: 'misspelled', options: on({ clientID: 'api' }), option: 'issuers.0.introspection.clientID', says: 'unknown option "issuers.0.introspection.clientID" (did you mean "issuers.0.introspection.clientId"?)' },
  { name: 'missing', options: on({ url: undefined }), option: 'issuers.0.introspection.url', says: '"issuers.0.introspection.url" is required, unless "issuers.0.discovery" is true' },
  { name: 'http', options: on({ url: 'http://login.example.com/i' }), option: 'issuers.0.introspection.url', allowed: at, given: '"http://login.example.com/i"' },
  { name: 'a fragment', options: on({ url: `${url}#` }), option: 'issuers.0.introspection.url', allowed: at, given: `"${url}#"` },
  { name: 'a password', options: on({ url: 'https://u:p@a/i' }), option: 'issuers.0.introspection.url', allowed: at, given: '"https://…@a/i"' },
  { name: 'missing', options: on({ clientId: undefined }), option: 'issuers.0.introspection.clientId', says: `"issuers.0.introspection.clientId" is required: give ${id}` },
  { name: 'empty', options: on({ clientId: '' }), option: 'issuers.0.introspection.clientId', allowed: id, given: '""' },
  { name: 'not ASCII', options: on({ clientId: 'ä' }), option: 'issuers.0.introspection.clientId', allowed: id, given: '"ä"' },
  { name: 'missing', options: on({ clientSecret: undefined }), option: 'issuers.0.introspection.clientSecret', says: `"issuers.0.introspection.clientSecret" is required: give ${secret}` },
  { name: 'empty', options: on({ clientSecret: '' }), option: 'issuers.0.introspection.clientSecret', allowed: secret },
  { name: 'bytes', options: on({ clientSecret: new Uint8Array(32) }), option: 'issuers.0.introspection.clientSecret', allowed: secret },
  { name: 'too short', options: on({ timeoutMs: 99 }), option: 'issuers.0.introspection.timeoutMs', allowed: 'a whole number from 100 to 30000', given: '99' },
  { name: 'negative', options: on({ cacheSeconds: -1 }), option: 'issuers.0.introspection.cacheSeconds', allowed: 'a whole number from 0 to 600', given: '-1' },
  { name: 'too long', options: on({ cacheSeconds: 601 }), option: 'issuers.0.introspection.cacheSeconds', allowed: 'a whole number from 0 to 600', given: '601' },

  { name: 'missing beside a JWK Set', options: beside({ jwks: signed.jwks }), option: 'issuers.0.algorithms', says: '"issuers.0.algorithms" is required: give an array of "EdDSA", "ES256", "RS256", "PS256"' },
  { name: 'missing beside a discovery that finds nothing else', options: beside({ discovery: true }), option: 'issuers.0.algorithms', says: '"issuers.0.algorithms" is required: give an array of "EdDSA", "ES256", "RS256", "PS256"' },
  { name: 'missing beside algorithms', options: beside({ algorithms: ['RS256'] }), option: 'issuers.0.jwks', says: '"issuers.0.jwks" is required, unless "issuers.0.discovery" is true' },
  ...['untyped', 'timeoutMs', 'cooldownSeconds', 'maxAgeSeconds', 'maxStaleSeconds'].map((name): WrongOption => ({
    name: 'without JWTs', options: beside({ maxAgeSeconds: undefined, [name]: name === 'untyped' ? false : name === 'maxAgeSeconds' ? 60 : name === 'maxStaleSeconds' ? 86_400 : 500 }), option: `issuers.0.${name}`, says: `"issuers.0.${name}" is for JWTs, which are not accepted without "issuers.0.algorithms": set that, or remove "issuers.0.${name}"`,
  })),
]

describe('a wrong option is refused by its path:', () => {
  for (const row of wrong)
    test(`${row.option}: ${row.name}`, async () => {
      expectRefusal(await configFault(() => issuersRoom.read({ issuers: row.options }, false).issuers), row)
    })
})
