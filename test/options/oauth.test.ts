import { createSallyport } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { oauthRoom } from '../../packages/core/src/options/oauth/index.ts'
import { configFault } from '../support/config-fault.ts'
import { keyPair } from '../support/key-pair.ts'
import { expectRefusal, type WrongOption } from '../support/wrong-option.ts'

const SECRET = 'k3eVbzJwYpVvZ0nX1sSg8mQx5tT2aLrU'
const gateway = { clientId: 'gateway', clientSecret: SECRET }
const read = (oauth: object | undefined, production = true, more: object = {}) =>
  oauthRoom.read({ ...more, oauth }, production).oauth
const client = (more: object) => read({ clients: [{ ...gateway, ...more }] }).clients.get('gateway')

describe('an OAuth client', () => {
  test('may do nothing that is not said', () => {
    expect(client({})).toEqual({
      ...{ id: 'gateway', secrets: [SECRET], keys: undefined, introspect: undefined },
      revoke: new Set(['gateway']),
    })
  })

  test('may have several secrets, and keys in place of them', () => {
    const next = SECRET.toUpperCase()
    expect(client({ clientSecret: [SECRET, next] })?.secrets).toEqual([SECRET, next])
    const jwks = { keys: [{ kty: 'EC' }] }
    expect(client({ clientSecret: undefined, jwks })).toMatchObject({
      secrets: [],
      keys: { path: 'oauth.clients.0', keys: { kind: 'given', jwks } },
    })
    expect(client({ jwks: 'https://gateway.example.com/jwks' })?.keys).toMatchObject({
      keys: { kind: 'jwks', url: new URL('https://gateway.example.com/jwks') },
    })
  })

  test('may ask, about all tokens or some', () => {
    const introspected = (introspect: unknown) => client({ introspect })?.introspect
    expect(introspected(false)).toBeUndefined()
    expect(introspected(true)).toEqual({ audience: undefined, apiKeys: 'refuse' })
    expect(introspected({ audience: 'a', apiKeys: 'accept' })).toEqual({ audience: ['a'], apiKeys: 'accept' })
    expect(introspected({ audience: ['a', 'b'] })).toEqual({ audience: ['a', 'b'], apiKeys: 'refuse' })
  })

  test('may revoke its own tokens, those of some, or all', () => {
    const revocable = (revoke: unknown) => client({ revoke })?.revoke
    expect(revocable('own')).toEqual(new Set(['gateway']))
    expect(revocable(['web'])).toEqual(new Set(['gateway', 'web']))
    expect(revocable('all')).toBe('all')
  })

  test('may have a short secret outside production', async () => {
    const clients = [{ clientId: 'gateway', clientSecret: 'gateway-secret' }]
    expect(read({ clients }, false).clients.size).toBe(1)
    expect((await configFault(() => read({ clients }))).message).toBe(
      'in production "oauth.clients.0.clientSecret" must have at least 32 characters: set it to the output of "openssl rand -base64 32"',
    )
  })
})

describe('public clients', () => {
  test('are those of the sessions, unless others are named', () => {
    expect(read(undefined).publicClients).toEqual(new Set(['web', 'native']))
    expect(read({}, true, { clients: { body: 'app' } }).publicClients).toEqual(new Set(['web', 'app']))
    expect(read({ publicClients: ['ios'] }).publicClients).toEqual(new Set(['ios']))
    expect(read({ publicClients: [] }).publicClients).toEqual(new Set())
  })

  test('are none that have a secret', () => {
    const clients = [{ ...gateway, clientId: 'native' }]
    expect(read({ clients }).publicClients).toEqual(new Set(['web']))
  })
})

test('a limit counts by the minute, unless it says otherwise', () => {
  const limit = (unknownTokens: object) => read({ unknownTokens }).unknownTokens
  expect(limit({ count: 5 })).toEqual({ most: 5, windowMs: 60_000, blockMs: 60_000 })
  expect(limit({ count: 5, windowSeconds: 1 })).toEqual({ most: 5, windowMs: 1000, blockMs: 1000 })
})

const one = (more: object) => ({ clients: [{ ...gateway, ...more }] })
const secrets = 'a string of 8 to 1024 printable ASCII characters, or an array of them'
const revocable = '"own", "all", or an array of client ids'
const ids = '1 to 255 printable ASCII characters'

// biome-ignore format: one row, one line
const wrong: readonly WrongOption[] = [
  { name: 'an array', options: [gateway], option: 'oauth', allowed: 'an object with clients, publicClients, unknownTokens', given: 'an array' },
  { name: 'one client', options: { clients: gateway }, option: 'oauth.clients', allowed: 'an array of clients', given: 'an object' },
  { name: 'keys over http', options: one({ jwks: 'http://keys.internal/jwks' }), option: 'oauth.clients.0.jwks', allowed: 'an https URL without user, password and fragment (http on loopback)', given: '"http://keys.internal/jwks"' },
  { name: 'keys with a password', options: one({ jwks: 'https://u:p@a.example/jwks' }), option: 'oauth.clients.0.jwks', allowed: 'an https URL (http on loopback), or a JWK Set' },
  { name: 'the secret alone', options: { clients: [SECRET] }, option: 'oauth.clients.0', allowed: 'an object with clientId, clientSecret, jwks, introspect, revoke' },
  { name: 'misspelled', options: one({ clientID: 'a' }), option: 'oauth.clients.0.clientID', says: 'unknown option "oauth.clients.0.clientID" (did you mean "oauth.clients.0.clientId"?)' },
  { name: 'without a name', options: one({ clientId: undefined }), option: 'oauth.clients.0.clientId', says: `"oauth.clients.0.clientId" is required: give ${ids}` },
  { name: 'with white space in its name', options: one({ clientId: 'a b' }), option: 'oauth.clients.0.clientId', allowed: ids, given: '"a b"' },
  { name: 'without a secret', options: one({ clientSecret: undefined }), option: 'oauth.clients.0.clientSecret', says: '"oauth.clients.0.clientSecret" is required, unless "oauth.clients.0.jwks" is given' },
  { name: 'with a short secret', options: one({ clientSecret: '1234567' }), option: 'oauth.clients.0.clientSecret', allowed: secrets },
  { name: 'with no secret in an array', options: one({ clientSecret: [] }), option: 'oauth.clients.0.clientSecret', allowed: secrets },
  { name: 'with a secret that is no ASCII', options: one({ clientSecret: [SECRET, `${SECRET}ä`] }), option: 'oauth.clients.0.clientSecret.1', allowed: secrets },
  { name: 'with keys at no URL', options: one({ jwks: 'keys' }), option: 'oauth.clients.0.jwks', allowed: 'an https URL (http on loopback), or a JWK Set' },
  { name: 'with keys over http', options: one({ jwks: 'http://a.example/jwks' }), option: 'oauth.clients.0.jwks', allowed: 'an https URL', given: '"http://a.example/jwks"' },
  { name: 'with no keys', options: one({ jwks: { keys: [] } }), option: 'oauth.clients.0.jwks', allowed: 'an https URL (http on loopback), or a JWK Set' },
  { name: 'that may perhaps ask', options: one({ introspect: 'yes' }), option: 'oauth.clients.0.introspect', allowed: 'true, false, or an object with audience, apiKeys', given: '"yes"' },
  { name: 'that may ask for no audience', options: one({ introspect: { audience: [] } }), option: 'oauth.clients.0.introspect.audience', allowed: 'a string of 1 to 255 characters without white space, or an array of them', given: 'an empty array' },
  { name: 'that may ask about keys', options: one({ introspect: { apiKeys: true } }), option: 'oauth.clients.0.introspect.apiKeys', allowed: 'one of "refuse", "accept"', given: 'true' },
  { name: 'that may revoke', options: one({ revoke: true }), option: 'oauth.clients.0.revoke', allowed: revocable, given: 'true' },
  { name: 'that may revoke those of nobody', options: one({ revoke: [] }), option: 'oauth.clients.0.revoke', allowed: revocable, given: 'an empty array' },
  { name: 'twice', options: { clients: [gateway, gateway] }, option: 'oauth.clients.1.clientId', allowed: 'different from those of the other clients', given: '"gateway"' },
  { name: 'that is public, too', options: { ...one({}), publicClients: ['gateway'] }, option: 'oauth.clients.0.clientId', allowed: 'different from those of the other clients', given: '"gateway"' },
  { name: 'public twice', options: { publicClients: ['a', 'a'] }, option: 'oauth.publicClients.1', allowed: 'different from the others', given: '"a"' },
  { name: 'no count', options: { unknownTokens: { windowSeconds: 5 } }, option: 'oauth.unknownTokens.count', says: '"oauth.unknownTokens.count" is required: give a whole number from 1 to 1000000' },
  { name: 'nothing at all', options: { unknownTokens: { count: 0 } }, option: 'oauth.unknownTokens.count', allowed: 'a whole number from 1 to 1000000', given: '0' },
]

describe('a wrong option is refused by its path:', () => {
  for (const row of wrong)
    test(`${row.option}, ${row.name}`, async () => {
      expectRefusal(await configFault(() => read(row.options as object)), row)
    })
})

describe('keys that can not be used are refused at start:', () => {
  const pair = keyPair('ec', { namedCurve: 'P-256' })
  const start = (jwk: object) => () =>
    createSallyport({ oauth: { clients: [{ clientId: 'gateway', jwks: { keys: [jwk] } }] } })
  const path = '"oauth.clients.0.jwks" has no key that can be used'

  test('a private one', async () => {
    const jwk = pair.privateKey.export({ format: 'jwk' })
    await expect(start({ ...jwk, kid: 'k' })).rejects.toThrow(path)
  })
  test('one for another purpose', async () => {
    const jwk = pair.publicKey.export({ format: 'jwk' })
    await expect(start({ ...jwk, kid: 'k', use: 'enc' })).rejects.toThrow(path)
  })
})
