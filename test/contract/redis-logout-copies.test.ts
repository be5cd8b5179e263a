import { randomUUID } from 'node:crypto'
import { createSallyport, type Sallyport, type StoreDriver } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { redisStore } from '@sallyport/redis'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keyPair } from '../support/key-pair.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { turnedClock } from '../support/turned-clock.ts'
import { viewOf } from '../unit/view.ts'

const ISSUER = 'https://login.example.test'
const ROUNDS = 10
const keys = keyPair('ec', { namedCurve: 'P-256' })
const jwks = { keys: [{ ...keys.publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256' }] }

let redis: RedisServer
const running: Sallyport[] = []
const clock = turnedClock()
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(async () => {
  for (const one of running) await one.close()
  await redis.stop()
})

/** A process with a store of its own, which waits each time after it has asked whether a token was used. */
async function start(wait: () => Promise<void>): Promise<Sallyport> {
  const real = redisStore({ url: redis.url, time: 'caller' })
  const driver: StoreDriver = {
    ...real,
    async open(context) {
      const store = await real.open(context)
      const { once } = store
      if (once === undefined) throw new TypeError('the store remembers nothing')
      const look: typeof once.look = async (name) => {
        const outcome = await once.look(name)
        await wait()
        return outcome
      }
      return { ...store, once: { mark: (mark) => once.mark(mark), look } }
    },
  }
  const sallyport = await createSallyport({
    ...{ clock, store: driver, secret: 'a secret of the test, with its 32 bytes' },
    backchannelLogout: { issuers: [{ issuer: ISSUER, audience: 'shop', jwks, sessions: 'same' }] },
  })
  running.push(sallyport)
  return sallyport
}

async function take(sallyport: Sallyport, token: string): Promise<number | undefined> {
  const [route] = gateOf(sallyport).routes(['backchannel-logout'])
  const answer = await route?.handle(viewOf({ body: { kind: 'parsed', value: { logout_token: token } } }))
  return answer?.status
}

async function logoutOf(sub: string): Promise<string> {
  const iat = Math.floor(clock.now() / 1000)
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
  return new SignJWT({ iss: ISSUER, aud: 'shop', sub, jti: randomUUID(), iat, exp: iat + 120, events })
    .setProtectedHeader({ alg: 'ES256', typ: 'logout+jwt', kid: 'one' })
    .sign(keys.privateKey)
}

test('of copies at two processes one is taken, and who signs in between them stays signed in', async () => {
  let held: (() => void)[] = []
  let isHolding = false
  const quick = await start(() => Promise.resolve())
  const slow = await start(() =>
    isHolding ? new Promise((resolve) => void held.push(resolve)) : Promise.resolve(),
  )
  const signIn = (sub: string) => gateOf(quick).signIn(viewOf({}), { subject: sub })
  for (let round = 0; round < ROUNDS; round++) {
    const sub = `user ${round}`
    await signIn(sub)
    clock.turn(1000)
    const token = await logoutOf(sub)
    clock.turn(30_000)
    isHolding = round % 2 === 0
    held = []
    const late = [take(slow, token), take(slow, token)]
    // Both have begun, and do not know yet whether another process has.
    if (isHolding) await expect.poll(() => held.length, { interval: 1 }).toBe(2)
    const early = await Promise.all([take(quick, token), take(quick, token)])
    if (isHolding) {
      expect(await quick.sessions.list(sub)).toHaveLength(0)
      await signIn(sub)
    }
    isHolding = false
    for (const go of held) go()
    expect([...early, ...(await Promise.all(late))].sort()).toEqual([200, 400, 400, 400])
    expect(await slow.sessions.list(sub)).toHaveLength(round % 2 === 0 ? 1 : 0)
  }
})
