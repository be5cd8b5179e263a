import { randomUUID } from 'node:crypto'
import { createSallyport, memoryStore, type StoreDriver } from '@sallyport/core'
import { type Answer, gateOf } from '@sallyport/core/adapter'
import { SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { keyPair } from '../support/key-pair.ts'
import { storeContext } from '../support/store-context.ts'
import { viewOf } from './view.ts'

const ISSUER = 'https://login.example.test'
const keys = keyPair('ec', { namedCurve: 'P-256' })
const jwks = { keys: [{ ...keys.publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256' }] }
const SUBJECT = 'alice'

/** Two processes with one store, in which the first can end no sessions. */
async function processes(sessions: 'same' | (() => { subjects: string[] })) {
  const store = await memoryStore().open(storeContext)
  const away = { kind: 'unavailable' } as const
  async function start(isBroken: boolean) {
    const driver: StoreDriver = {
      ...memoryStore(),
      open: async () =>
        isBroken ? { ...store, sessions: { ...store.sessions, endSubject: async () => away } } : store,
    }
    const sallyport = await createSallyport({
      store: driver,
      secret: 'a secret of the test, with its 32 bytes',
      backchannelLogout: { issuers: [{ issuer: ISSUER, audience: 'shop', jwks, sessions }] },
    })
    const gate = gateOf(sallyport)
    const [route] = gate.routes(['backchannel-logout'])
    return {
      signIn: () => gate.signIn(viewOf({}), { subject: SUBJECT }),
      alive: async () => (await sallyport.sessions.list(SUBJECT)).length,
      async send(token: string): Promise<number> {
        const body = Buffer.from(new URLSearchParams({ logout_token: token }).toString())
        const answer = (await route?.handle(
          viewOf({
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
            body: { kind: 'bytes', bytes: body },
          }),
        )) as Answer
        return answer.status
      },
    }
  }
  return { broken: await start(true), whole: await start(false) }
}

test.each([
  ['about a user', 'same'],
  ['whose sessions a function finds', () => ({ subjects: [SUBJECT] })],
] as const)(
  'a logout token %s that one process could not carry out is taken by another, once',
  async (_name, sessions) => {
    const { broken, whole } = await processes(sessions)
    await whole.signIn()
    const now = Math.floor(Date.now() / 1000)
    const token = await new SignJWT({
      ...{ iss: ISSUER, aud: 'shop', sub: SUBJECT, jti: randomUUID(), iat: now, exp: now + 120 },
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'logout+jwt', kid: 'one' })
      .sign(keys.privateKey)
    expect(await broken.send(token)).toBe(503)
    expect(await whole.send(token)).toBe(200)
    expect(await whole.alive()).toBe(0)
    await whole.signIn()
    for (const process of [broken, whole]) expect(await process.send(token)).toBe(400)
    expect(await whole.alive()).toBe(1)
  },
)
