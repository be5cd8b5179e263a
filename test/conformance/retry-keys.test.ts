import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { hostNames } from '../support/hosts.ts'
import { turnedClock } from '../support/turned-clock.ts'
import { audited } from './audited.ts'
import type { Send } from './client.ts'
import { cookieOf, expectReply, jsonOf } from './expectations.ts'
import { type Fault, faults } from './retry-key-faults.ts'
import { retryKeyFlows, strictRetryKeyFlows } from './retry-key-flows.ts'
import { type OwnHosts, ownHosts } from './retry-key-hosts.ts'
import { lostAnswers } from './retry-key-lost-answers.ts'
import { retryKeySpellings } from './retry-key-spellings.ts'
import { Client, KEY, keyed, OTHER_KEY, transports } from './retry-key-transports.ts'
import { conformance } from './runner.ts'
import { bearer, exchangeBy, login, PASSWORD, signedIn, type Visitor } from './visitor.ts'

describe('keys of attempts', () => conformance([...retryKeySpellings, ...retryKeyFlows]))

describe('keys of attempts without grace', () => conformance(strictRetryKeyFlows, { REUSE_GRACE: '0' }))

let hosts: OwnHosts
beforeAll(async () => {
  hosts = await ownHosts()
})
afterAll(() => hosts?.stop())
beforeEach(() => {
  // The library gives notice of a signer that fails, and the examples write down what was thrown.
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  vi.spyOn(console, 'error').mockImplementation(() => {})
})
afterEach(() => {
  vi.restoreAllMocks()
})

describe.each(lostAnswers)('lost answers $name', ({ env, cases }) => {
  describe.each(hostNames)('on %s', (name) => {
    const clock = turnedClock(Date.now())
    let visitor: Visitor
    beforeAll(async () => {
      visitor = await hosts.start(name, { clock }, env)
    })
    afterAll(() => hosts.closeAll())

    describe.each(transports)('$name', (transport) => {
      test.each(cases)('$name', ({ play }) => play(new Client(transport, visitor), clock))
    })
  })
})

/** A request that a host can't serve because of what the test makes fail in it. */
async function expectFault(visitor: Visitor, request: Send, status: number): Promise<void> {
  const [reply] = await visitor.race([request])
  expect(reply?.status).toBe(status)
}

const attempts = transports.flatMap((transport) => [
  { name: `${transport.name}, without a key`, transport, headers: {}, isKeyed: false },
  { name: `${transport.name}, with its key`, transport, headers: keyed(KEY), isKeyed: true },
])
const graces = ['10', '0']

describe.each(faults)('a refresh that is answered with a fault because of $name', ({ make, status }) => {
  describe.each(hostNames.flatMap((name) => graces.map((grace) => ({ name, grace }))))(
    'on $name with a grace of $grace seconds',
    ({ name, grace }) => {
      let fault: Fault
      let here: Visitor
      let there: Visitor
      beforeAll(async () => {
        fault = await make()
        const started = hosts.startSharing(name, [fault.options, fault.options], { REUSE_GRACE: grace })
        ;[here, there] = await started
      })
      afterAll(() => hosts.closeAll())

      test.each(attempts)('can be repeated at the same process, $name', async (attempt) => {
        const { transport, headers, isKeyed } = attempt
        const client = new Client(transport, here)
        const first = await client.signIn()
        fault.next(2)
        for (let time = 0; time < 2; time++)
          await expectFault(here, transport.refreshBy(first.refresh, headers), status)
        const second = await client.refresh(first, headers)
        await client.expectGood(second.token)
        expect(audited(here.host, first.sid, 'refresh.reused', 'refresh.contested')).toEqual([])
        if (grace === '0' || isKeyed) await client.expectTheft(first, second)
        else await client.expectAlive(second)
      })

      test('can be repeated after another client was refused with its token', async () => {
        const first = signedIn(await here.send(login(here.user, PASSWORD, { 'x-token-transport': 'body' })))
        fault.next(1)
        await expectFault(here, exchangeBy(first.refresh), status)
        await here.expect(exchangeBy(first.refresh, { client_id: 'other' }), { status: 400 })
        expectReply(await here.send(exchangeBy(first.refresh)), { status: 200 })
        expect(audited(here.host, first.sid, 'refresh.reused')).toEqual([])
      })

      test('and a sign-in that is answered so leaves the session alone whose cookie it would replace', async () => {
        const earlier = await here.signIn()
        const cookie = `__Host-refresh=${earlier.refresh}`
        fault.next(1)
        await expectFault(here, login(here.user, PASSWORD, { cookie }), status)
        await here.expectAlive(earlier)
        expect(audited(here.host, earlier.sid, 'session.ended')).toEqual([])
      })

      test.each(transports)('can be repeated at another process with its key, $name', async (transport) => {
        const client = new Client(transport, there)
        const first = await client.signIn()
        fault.next(1)
        await expectFault(here, transport.refreshBy(first.refresh, keyed(KEY)), status)
        const second = await client.refresh(first, keyed(KEY))
        await client.expectTheft(first, second, keyed(OTHER_KEY))
      })
    },
  )
})

describe.each(hostNames)('two processes with one store on %s', (name) => {
  afterAll(() => hosts.closeAll())

  test.each(transports)(
    'both refuse the tokens of a generation that one skipped, $name',
    async (transport) => {
      const [one, two] = await hosts.startSharing(name, [{}, {}])
      const client = new Client(transport, one)
      const first = await client.signIn(keyed(KEY))
      const skipped = await client.refresh(first)
      const third = await client.refresh(first, keyed(OTHER_KEY))
      await client.expectRefused(skipped.token)
      const me = { path: '/api/me', headers: bearer(skipped.token) }
      expectReply(await two.until(401, me), { status: 401, error: 'invalid_token' })
      for (const { token } of [first, third]) expectReply(await two.me(token), { status: 200 })
      await new Client(transport, two).expectTheft(skipped, third)
    },
  )
})

const ISSUERS = [{ issuer: 'https://one.example.test' }, { issuer: 'https://two.example.test' }] as const

describe.each(hostNames)('two deployments with one store and one secret on %s', (name) => {
  afterEach(() => hosts.closeAll())

  test.each(transports)('take only their own refresh tokens, $name', async (transport) => {
    const [one, two] = await hosts.startSharing(name, ISSUERS)
    const [here, there] = [new Client(transport, one), new Client(transport, two)]
    const own = await here.signIn()
    const cookie = `__Host-refresh=${own.refresh}`
    for (const headers of [{}, keyed(KEY)])
      expectReply(await there.tryRefresh(own.refresh, headers), transport.dead)
    await there.expectRefused(own.token)
    await there.signIn({ cookie })
    const logout = { method: 'POST', path: '/auth/logout', headers: { cookie, ...bearer(own.token) } }
    await two.expect(logout, { status: 204 })
    for (const { host } of [one, two])
      expect(audited(host, own.sid, 'session.ended', 'refresh.reused')).toEqual([])
    await here.expectAlive(own)
  })

  test('take only their own reference tokens', async () => {
    const [one, two] = ISSUERS
    const accessToken = 'reference'
    const [here, there] = await hosts.startSharing(name, [
      { ...one, accessToken },
      { ...two, accessToken },
    ])
    const reply = await here.send(login(here.user, PASSWORD))
    const token = String(jsonOf(reply).access_token)
    expectReply(await there.me(token), { status: 401, error: 'invalid_token' })
    await there.expect({ method: 'POST', path: '/auth/logout', headers: bearer(token) }, { status: 204 })
    expectReply(await here.me(token), { status: 200 })
    expectReply(await here.refresh(cookieOf(reply)), { status: 200, cookie: 'set' })
  })
})
