import { generateKeyPairSync, sign } from 'node:crypto'
import { createSallyport, memoryStore, type Sallyport, type SallyportEvent } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { textIn } from '../support/text-in.ts'
import { turnedClock } from '../support/turned-clock.ts'
import { viewOf } from './view.ts'

const TIMES = 1000
const SECRET = 'a secret of the test, with its 32 bytes'
const { privateKey } = generateKeyPairSync('ed25519')
const key = { ...privateKey.export({ format: 'jwk' }), kid: 'ours', alg: 'EdDSA' }
const clock = turnedClock()
let sallyport: Sallyport
let looks: number
let events: SallyportEvent[]

beforeEach(async () => {
  looks = 0
  events = []
  sallyport = await createSallyport({
    secret: SECRET,
    store: memoryStore(),
    access: { keys: [key] },
    clock,
    limits: {
      signatures() {
        looks++
        return 0
      },
    },
  })
  sallyport.on('event', (event) => events.push(event))
})
afterEach(() => sallyport.close())

async function signedIn(): Promise<string> {
  const answer = await gateOf(sallyport).signIn(viewOf({}), { subject: 'somebody' })
  return JSON.parse(textIn(answer.body)).access_token
}
const partsOf = (token: string): object[] =>
  token
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))

/** Signs a token under our key, with other members of header and claims. */
async function changed(header: object, claims: object): Promise<string> {
  const [ownHeader, ownClaims] = partsOf(await signedIn())
  const input = [
    { ...ownHeader, ...header },
    { ...ownClaims, ...claims },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  return [...input, sign(null, Buffer.from(input.join('.')), privateKey).toString('base64url')].join('.')
}

const seconds = (): number => Math.floor(clock.now() / 1000)

/** A token that is genuine, and refused all the same. */
const genuine: Readonly<Record<string, () => Promise<string>>> = {
  'whose session was revoked': async () => {
    const token = await signedIn()
    await sallyport.sessions.revokeAll('somebody')
    return token
  },
  'that was revoked itself': async () => {
    const token = await signedIn()
    const [, claims] = partsOf(token)
    await sallyport.tokens.revoke(String(Reflect.get(claims ?? {}, 'jti')))
    return token
  },
  'that expired': async () => {
    const token = await signedIn()
    clock.turn(901_000)
    return token
  },
}

/** A token that is not genuine. The limit is asked each time, and can cut its sender off. */
const forged: Readonly<Record<string, () => Promise<string>>> = {
  'of nobody': async () => 'x.y.z',
  'with another signature': async () => `${(await signedIn()).slice(0, -8)}AAAAAAAA`,
  'under an unknown key': () => changed({ kid: 'unknown' }, {}),
  'of another type': () => changed({ typ: 'JWT' }, {}),
  'for another audience': () => changed({}, { aud: 'https://elsewhere.example' }),
  'of another issuer': () => changed({}, { iss: 'https://elsewhere.example' }),
  'without a subject': () => changed({}, { sub: undefined }),
  'that is not valid yet': () => changed({}, { nbf: seconds() + 600 }),
}

async function refused(token: string): Promise<void> {
  const verify = gateOf(sallyport).verifier()
  const view = viewOf({ method: 'GET', headers: { authorization: `Bearer ${token}` } })
  for (let time = 0; time < TIMES; time++)
    expect(await verify(view)).toMatchObject({ kind: 'refuse', answer: { status: 401 } })
  expect(events.filter(({ event }) => event === 'token.refused')).toHaveLength(TIMES)
}

describe('a refused token, a thousand times', () => {
  test.each(Object.entries(genuine))('%s: its signature is looked into once', async (_name, make) => {
    await refused(await make())
    expect(looks).toBe(1)
  })

  test.each(Object.entries(forged))('%s: the limit is asked before each look', async (_name, make) => {
    await refused(await make())
    expect(looks).toBe(TIMES)
  })
})
