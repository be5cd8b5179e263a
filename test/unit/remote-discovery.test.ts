import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readMetadata } from '../../packages/core/src/issuers/discovery.ts'
import { createRemoteKeys } from '../../packages/core/src/issuers/remote.ts'
import { keyPair } from '../support/key-pair.ts'
import { turnedClock } from '../support/turned-clock.ts'
import {
  type Answer,
  endless,
  halfBody,
  json,
  type ScriptedIssuer,
  scriptedIssuer,
  settingsFor,
  silence,
  status,
  text,
} from './scripted-issuer.ts'

const OPENID = '/.well-known/openid-configuration'
const OAUTH = '/.well-known/oauth-authorization-server'
const key = { ...keyPair('ed25519').publicKey.export({ format: 'jwk' }), kid: 'key' }

let issuer: ScriptedIssuer
const notices: string[] = []

beforeEach(async () => {
  issuer = await scriptedIssuer()
  issuer.answers.set('/jwks', json({ keys: [key] }))
  notices.length = 0
})
afterEach(() => issuer.close())

/** What comes of asking an issuer for the key, whose metadata has to be found first. */
async function kindOf(name: string = issuer.origin, timeoutMs = 20_000): Promise<string> {
  const settings = settingsFor(issuer, {
    issuer: name,
    keys: { kind: 'discovery', url: new URL(name) },
    timeoutMs,
  })
  const keys = createRemoteKeys(settings, turnedClock(), (message) => notices.push(message))
  return (await keys.find('key', 'EdDSA')).kind
}
const metadata = (named: string = issuer.origin): Answer =>
  json({ issuer: named, jwks_uri: `${issuer.origin}/jwks` })

describe('the keys of an issuer are found', () => {
  test('by its OpenID provider configuration', async () => {
    issuer.answers.set(OPENID, metadata())
    expect(await kindOf()).toBe('found')
    expect(issuer.asked).toEqual([OPENID, '/jwks'])
  })

  test('by its authorization server metadata, where there is no other', async () => {
    issuer.answers.set(OAUTH, metadata())
    expect(await kindOf()).toBe('found')
    expect(issuer.asked).toEqual([OPENID, OAUTH, '/jwks'])
  })

  test.each([
    ['/tenant', '/tenant/.well-known/openid-configuration', `${OAUTH}/tenant`],
    ['/a/b/', '/a/b/.well-known/openid-configuration', `${OAUTH}/a/b`],
    ['/', OPENID, OAUTH],
    ['//elsewhere.example', `//elsewhere.example${OPENID}`, `${OAUTH}//elsewhere.example`],
  ])('under its path %s', async (path, openid, oauth) => {
    const name = `${issuer.origin}${path}`
    issuer.answers.set(openid, metadata(name))
    expect(await kindOf(name)).toBe('found')
    issuer.answers.delete(openid)
    issuer.answers.set(oauth, metadata(name))
    expect(await kindOf(name)).toBe('found')
    expect(issuer.asked).toEqual([openid, '/jwks', openid, oauth, '/jwks'])
  })

  test('anew with every fetch, since they may move', async () => {
    issuer.answers.set(OPENID, metadata())
    const clock = turnedClock()
    const settings = settingsFor(issuer, { keys: { kind: 'discovery', url: new URL(issuer.origin) } })
    const keys = createRemoteKeys(settings, clock, (message) => notices.push(message))
    await keys.start()
    const moved = { ...keyPair('ed25519').publicKey.export({ format: 'jwk' }), kid: 'moved' }
    issuer.answers.set(OPENID, json({ issuer: issuer.origin, jwks_uri: `${issuer.origin}/moved` }))
    issuer.answers.set('/moved', json({ keys: [moved] }))
    clock.turn(30_000)
    expect(await keys.find('moved', 'EdDSA')).toMatchObject({ kind: 'found' })
    expect(keys.find('key', 'EdDSA')).toEqual({ kind: 'unknown' })
  })
})

interface Refused {
  readonly name: string
  /** Given the origin of the issuer. */
  readonly answer: (origin: string) => Answer
  readonly reason: string
  readonly timeoutMs?: number
}

const document = (more: (origin: string) => object) => (origin: string) =>
  json({ issuer: origin, jwks_uri: `${origin}/jwks`, ...more(origin) })
const jwksUri = (jwks_uri: unknown) => document(() => ({ jwks_uri }))
const always = (answer: Answer) => () => answer
const another = 'its metadata names another issuer'
const none = 'its metadata names no JWK Set'
const plain = 'its metadata names a JWK Set that is not on https'
const unread = 'its metadata cannot be read:'

// biome-ignore format: one row, one line
const refused: readonly Refused[] = [
  { name: 'another issuer', answer: document(() => ({ issuer: 'https://evil.example' })), reason: another },
  { name: 'the issuer with a slash', answer: document((origin) => ({ issuer: `${origin}/` })), reason: another },
  { name: 'the issuer in capitals', answer: document((origin) => ({ issuer: origin.toUpperCase() })), reason: another },
  { name: 'a longer issuer', answer: document((origin) => ({ issuer: `${origin}.evil.example` })), reason: another },
  { name: 'the issuer in a list', answer: document((origin) => ({ issuer: [origin] })), reason: another },
  { name: 'no issuer', answer: document(() => ({ issuer: undefined })), reason: another },
  { name: 'null', answer: always(json(null)), reason: another },
  { name: 'no JWK Set', answer: jwksUri(undefined), reason: none },
  { name: 'a JWK Set that is a list', answer: document((origin) => ({ jwks_uri: [`${origin}/jwks`] })), reason: none },
  { name: 'a JWK Set in place', answer: document(() => ({ jwks_uri: undefined, jwks: { keys: [key] } })), reason: none },
  { name: 'a JWK Set on http elsewhere', answer: jwksUri('http://jwks.example/jwks'), reason: plain },
  { name: 'a JWK Set on http in a private network', answer: jwksUri('http://169.254.169.254/'), reason: plain },
  { name: 'a JWK Set on http, nearly on loopback', answer: jwksUri('http://127.0.0.1.example/jwks'), reason: plain },
  { name: 'a JWK Set that is a file', answer: jwksUri('file:///etc/passwd'), reason: plain },
  { name: 'a JWK Set in the URL', answer: jwksUri('data:application/json,{"keys":[]}'), reason: plain },
  { name: 'a JWK Set without a host', answer: jwksUri('/jwks'), reason: plain },
  { name: 'a JWK Set with a password', answer: jwksUri('https://user:password@jwks.example/'), reason: plain },
  { name: 'a redirect', answer: always(status(302, { location: '/good' })), reason: `${unread} it answered 302` },
  { name: '500', answer: always(status(500)), reason: `${unread} it answered 500` },
  { name: 'no JSON', answer: always(text('<!doctype html>')), reason: `${unread} its answer is not JSON` },
  { name: 'a body without end', answer: always(endless(65_536)), reason: `${unread} its answer is longer than 524288 bytes` },
  { name: 'no answer', answer: always(silence), reason: `${unread} it did not answer in time`, timeoutMs: 100 },
  { name: 'half a body', answer: always(halfBody), reason: `${unread} it did not answer in time`, timeoutMs: 300 },
]

describe('an issuer is unavailable, and asked for nothing more, whose metadata is', () => {
  for (const row of refused)
    test(row.name, async () => {
      issuer.answers.set('/good', metadata())
      issuer.answers.set(OAUTH, metadata())
      issuer.answers.set(OPENID, row.answer(issuer.origin))
      expect(await kindOf(issuer.origin, row.timeoutMs)).toBe('unavailable')
      expect(notices).toEqual([`the keys of the issuer "${issuer.origin}" cannot be fetched: ${row.reason}`])
      expect(issuer.asked).toEqual([OPENID])
    })

  test('nowhere', async () => {
    expect(await kindOf()).toBe('unavailable')
    expect(notices.join()).toMatch(/cannot be fetched: its metadata cannot be read: it answered 404$/)
    expect(issuer.asked).toEqual([OPENID, OAUTH])
  })
})

describe('an issuer on https', () => {
  const name = 'https://login.example.com/tenant'
  const read = (jwks_uri: string) => readMetadata({ issuer: name, jwks_uri }, 'jwks_uri', name, new URL(name))

  test.each(['https://keys.example.com/jwks?v=2', 'https://10.0.0.1:8443/jwks'])('has keys at %s', (jwks) => {
    expect(read(jwks)).toEqual({ kind: 'found', url: new URL(jwks) })
  })

  test.each([
    'http://localhost/jwks',
    'http://127.0.0.1/jwks',
    'http://[::1]/jwks',
    'http://login.example.com/jwks',
  ])('has none at %s', (jwks) => expect(read(jwks)).toEqual({ kind: 'failed', reason: plain }))
})

test('one deadline holds for metadata and keys together', async () => {
  issuer.answers.set(OPENID, metadata())
  issuer.answers.set('/jwks', silence)
  expect(await kindOf(issuer.origin, 300)).toBe('unavailable')
  expect(notices.join()).toMatch(/cannot be fetched: it did not answer in time$/)
})
