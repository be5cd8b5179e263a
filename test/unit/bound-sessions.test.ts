import {
  createSallyport,
  memoryStore,
  type RequestView,
  type SallyportEvent,
  type StoreDriver,
  UnavailableError,
} from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { afterEach, expect, test } from 'vitest'
import { proof, proofKey } from '../conformance/dpop/proofs.ts'
import { viewOf } from './view.ts'

let close: () => Promise<void> = async () => {}
afterEach(() => close())

const key = await proofKey('ES256')
const HOST = 'auth.example.com'

async function start() {
  let isAway = false
  const driver = memoryStore()
  const store: StoreDriver = {
    ...driver,
    async open(context) {
      const { once, ...opened } = await driver.open(context)
      if (once === undefined) throw new TypeError('the store remembers nothing')
      return {
        ...opened,
        once: {
          ...once,
          mark: (mark) => (isAway ? Promise.resolve({ kind: 'unavailable' }) : once.mark(mark)),
        },
      }
    },
  }
  const sallyport = await createSallyport({
    ...{ secret: 'a secret of the test, with its 32 bytes', store, dpop: 'accepted' },
  })
  close = () => sallyport.close()
  const events: SallyportEvent[] = []
  sallyport.on('event', (event) => events.push(event))
  const gate = gateOf(sallyport)
  return {
    ...{ sallyport, gate, events },
    isAway: () => {
      isAway = true
    },
  }
}

function bound(method: string, target: string, more: Readonly<Record<string, string>> = {}): RequestView {
  const url = `https://${HOST}${target}`
  const dpop = proof({ key, method, url, token: undefined, now: Date.now() })
  return viewOf({ method, target, secure: true, headers: { host: HOST, dpop, ...more } })
}

const cookieIn = (cookies: readonly string[]): string => cookies[0]?.split(';', 1)[0] ?? ''

test('a page finds no session that is bound to a key, and that is not told', async () => {
  const { gate, events } = await start()
  const { cookies } = await gate.sessions.start(bound('POST', '/login'), { subject: 'user-1' })
  const cookie = cookieIn(cookies)
  const told = events.length
  const page = viewOf({ method: 'GET', target: '/page', secure: true, headers: { host: HOST, cookie } })
  expect(await gate.sessions.find(page)).toBeUndefined()
  expect(events.slice(told)).toEqual([])
  expect(await gate.sessions.find(bound('GET', '/page', { cookie }))).toMatchObject({ subject: 'user-1' })
})

test('whether a proof is new cannot be told while the store is away, so nobody is called a stranger', async () => {
  const { gate, isAway } = await start()
  const { cookies } = await gate.sessions.start(bound('POST', '/login'), { subject: 'user-1' })
  isAway()
  const asked = bound('GET', '/page', { cookie: cookieIn(cookies) })
  await expect(gate.sessions.find(asked)).rejects.toThrow(UnavailableError)
})

test('an application that answers by itself learns how the token must be sent', async () => {
  const { sallyport, gate } = await start()
  const signIn = { subject: 'user-1' }
  const plain = await gate.sessions.start(viewOf({}), signIn)
  expect(plain.tokenType).toBe('Bearer')
  const { auth } = (await sallyport.tokens.verify(plain.accessToken)) as Extract<
    Awaited<ReturnType<typeof sallyport.tokens.verify>>,
    { kind: 'valid' }
  >
  expect((await gate.sessions.stepUp(viewOf({}), auth, { acr: 'gold' })).tokenType).toBe('Bearer')
  expect((await gate.sessions.start(bound('POST', '/login'), signIn)).tokenType).toBe('DPoP')
})

test('a step-up that is refused is refused in the scheme of the token', async () => {
  const { sallyport, gate } = await start()
  const { accessToken } = await gate.sessions.start(bound('POST', '/login'), { subject: 'user-1' })
  const about = { key, method: 'POST', url: `https://${HOST}/step-up`, token: accessToken, now: Date.now() }
  const headers = { host: HOST, authorization: `DPoP ${accessToken}`, dpop: proof(about) }
  const view = viewOf({ method: 'POST', target: '/step-up', secure: true, headers })
  const decision = await gate.verifier()(view)
  if (decision.kind !== 'allow') throw new TypeError(decision.kind)
  await sallyport.sessions.revokeAll('user-1')
  const challenge = expect.stringMatching(/^DPoP error="invalid_token"/)
  expect(await gate.stepUp(view, decision.auth, { acr: 'gold' })).toMatchObject({
    ...{ status: 401, headers: { 'WWW-Authenticate': challenge } },
  })
  await expect(gate.sessions.stepUp(view, decision.auth, { acr: 'gold' })).rejects.toMatchObject({
    headers: { 'WWW-Authenticate': challenge },
  })
})
