import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRemoteKeys, type IssuerSettings } from '../../packages/core/src/issuers/remote.ts'
import { keyPair } from '../support/key-pair.ts'
import { turnedClock } from '../support/turned-clock.ts'
import {
  type Answer,
  cutOff,
  drip,
  endless,
  halfBody,
  json,
  reset,
  type ScriptedIssuer,
  scriptedIssuer,
  settingsFor,
  silence,
  status,
  text,
} from './scripted-issuer.ts'

const CAP = 512 * 1024
const MIB = 1024 * 1024
const key = { ...keyPair('ed25519').publicKey.export({ format: 'jwk' }), kid: 'key' }
const good = { keys: [key] }

let issuer: ScriptedIssuer
const notices: string[] = []

beforeEach(async () => {
  issuer = await scriptedIssuer()
  notices.length = 0
})
afterEach(() => issuer.close())

/** What comes of asking for the key at cold start, and then of asking once more in the cool-down. */
async function kindsOf(settings: IssuerSettings): Promise<readonly string[]> {
  const keys = createRemoteKeys(settings, turnedClock(), (message) => notices.push(message))
  const first = await keys.find('key', 'EdDSA')
  return [first.kind, (await keys.find('key', 'EdDSA')).kind]
}
/** Why the keys could not be fetched, as it was told. */
function reason(): string {
  expect(notices).toHaveLength(1)
  const [notice = ''] = notices
  const before = `the keys of the issuer "${issuer.origin}" cannot be fetched: `
  expect(notice.slice(0, before.length)).toBe(before)
  return notice.slice(before.length)
}

interface Refused {
  readonly name: string
  readonly answer: Answer
  readonly reason: string
  /** Where the deadline has to come. */
  readonly timeoutMs?: number
}

const bom = '\ufeff'
const padded = (length: number): string => JSON.stringify(good).padEnd(length)
const late = 'it did not answer in time'
const long = 'its answer is longer than 524288 bytes'
const noJson = 'its answer is not JSON'
const noSet = 'its answer is no JWK Set'
const unusable = 'its JWK Set has no key that can be used'
const many = 'its JWK Set has more than 100 keys'

// biome-ignore format: one row, one line
const refused: readonly Refused[] = [
  { name: '500', answer: status(500), reason: 'it answered 500' },
  { name: '404', answer: status(404), reason: 'it answered 404' },
  { name: '204', answer: (_request, response) => response.writeHead(204).end(), reason: 'it answered 204' },
  { name: '206', answer: (_request, response) => response.writeHead(206).end(padded(0)), reason: 'it answered 206' },
  { name: '304', answer: status(304), reason: 'it answered 304' },
  ...[301, 302, 303, 307, 308].map((code) => ({ name: `a redirect (${code})`, answer: status(code, { location: '/good' }), reason: `it answered ${code}` })),
  { name: 'nothing', answer: text(''), reason: noJson },
  { name: 'HTML', answer: text('<!doctype html>', { 'content-type': 'text/html' }), reason: noJson },
  { name: 'half a set', answer: text('{"keys":['), reason: noJson },
  { name: 'bytes that are no UTF-8', answer: text(Buffer.from('{"keys":"\xff"}', 'latin1')), reason: noJson },
  { name: '500,000 open brackets', answer: text('['.repeat(500_000)), reason: noJson },
  { name: '250,000 nested lists', answer: text('['.repeat(250_000) + ']'.repeat(250_000)), reason: noSet },
  { name: 'null', answer: json(null), reason: noSet },
  { name: 'a text', answer: json('keys'), reason: noSet },
  { name: 'a list of keys', answer: json([key]), reason: noSet },
  { name: 'a key', answer: json(key), reason: noSet },
  { name: 'keys that are no list', answer: json({ keys: { 0: key, length: 1 } }), reason: noSet },
  { name: 'an empty set', answer: json({ keys: [] }), reason: unusable },
  { name: '101 keys', answer: json({ keys: Array(101).fill(key) }), reason: many },
  { name: '200,000 keys in little room', answer: text(`{"keys":[${'0,'.repeat(199_999)}0]}`), reason: many },
  { name: '300,000 keys', answer: json({ keys: Array(300_000).fill(key) }), reason: long },
  { name: 'one byte too much', answer: text(padded(CAP + 1)), reason: long },
  { name: 'a compressed bomb', answer: text(gzipSync(Buffer.alloc(64 * MIB, ' ')), { 'content-encoding': 'gzip' }), reason: long },
  { name: 'a body that is not what its encoding says', answer: text(padded(0), { 'content-encoding': 'gzip' }), reason: "it cannot be reached (Z_DATA_ERROR)" },
  { name: 'a body without end', answer: endless(64 * 1024), reason: long },
  { name: 'a body without end in small pieces', answer: endless(100), reason: long },
  { name: 'no answer', answer: silence, reason: late, timeoutMs: 100 },
  { name: 'half a body', answer: halfBody, reason: late, timeoutMs: 300 },
  { name: 'a byte now and then', answer: drip, reason: late, timeoutMs: 300 },
  { name: 'a broken connection', answer: reset, reason: "it cannot be reached (ECONNRESET)" },
  { name: 'a connection that breaks in the body', answer: cutOff, reason: "it cannot be reached (UND_ERR_SOCKET)" },
  { name: 'headers without end', answer: status(200, { huge: 'x'.repeat(MIB) }), reason: "it cannot be reached (UND_ERR_HEADERS_OVERFLOW)" },
]

describe('an issuer is unavailable that gives for its JWK Set', () => {
  for (const row of refused)
    test(row.name, async () => {
      issuer.answers.set('/jwks', row.answer)
      issuer.answers.set('/good', json(good))
      const { timeoutMs = 20_000 } = row
      expect(await kindsOf(settingsFor(issuer, { timeoutMs }))).toEqual(['unavailable', 'unavailable'])
      expect(reason()).toBe(row.reason)
      expect(issuer.asked).toEqual(['/jwks'])
    })

  test('nothing, since nobody listens there', async () => {
    const settings = settingsFor(issuer)
    await issuer.close()
    expect(await kindsOf(settings)).toEqual(['unavailable', 'unavailable'])
    expect(reason()).toBe('it cannot be reached (ECONNREFUSED)')
  })
})

// biome-ignore format: one row, one line
const taken: readonly (readonly [string, Answer])[] = [
  ['the most bytes that are read', text(padded(CAP))],
  ['the most keys that are read', json({ keys: [...Array(99).fill({}), key] })],
  ['a body in many pieces', (_request, response) => { for (const letter of padded(0)) response.write(letter); response.end() }],
  ['a compressed body', text(gzipSync(padded(0)), { 'content-encoding': 'gzip' })],
  ['another type of content', text(padded(0), { 'content-type': 'text/plain' })],
  ['a byte order mark before it', text(`${bom}${padded(0)}`)],
  ['more members than keys', json({ ...good, next: 'x' })],
]

describe('a key is found in', () => {
  test.each(taken)('%s', async (_name, answer) => {
    issuer.answers.set('/jwks', answer)
    expect(await kindsOf(settingsFor(issuer))).toEqual(['found', 'found'])
  })
})

describe('of a body without end', () => {
  test.each([64 * 1024, 4 * MIB])(
    'no more is taken than the cap and what is on its way (%d)',
    async (piece) => {
      issuer.answers.set('/jwks', endless(piece))
      expect(await kindsOf(settingsFor(issuer))).toEqual(['unavailable', 'unavailable'])
      const sent = await issuer.sent()
      expect(sent).toBeGreaterThan(CAP)
      expect(sent).toBeLessThan(16 * MIB)
    },
  )
})

test('only what is asked for is sent: a GET that takes JSON, without credentials', async () => {
  const seen: unknown[] = []
  issuer.answers.set('/jwks', ({ method, headers }, response) => {
    seen.push([method, headers.accept, headers.authorization, headers.cookie])
    response.end(JSON.stringify(good))
  })
  expect(await kindsOf(settingsFor(issuer))).toEqual(['found', 'found'])
  expect(seen).toEqual([['GET', 'application/json, application/jwk-set+json', undefined, undefined]])
})
