import { randomBytes } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { memoryStore, type StoreDriver } from '@sallyport/core'
import type { Store } from '@sallyport/core/store'
import { afterEach, describe, expect, test } from 'vitest'
import { configFault } from '../support/config-fault.ts'
import { basic, GATEWAY, gateway, oauthSite, type Site } from './oauth-site.ts'

const WRONG = basic('gateway', 'wrong-secret')
const inactive = { status: 200, text: '{"active":false}' }
const open: Site[] = []
afterEach(async () => {
  for (const { sallyport } of open.splice(0)) await sallyport.close()
})

async function start(...args: Parameters<typeof oauthSite>): Promise<Site> {
  const site = await oauthSite(...args)
  open.push(site)
  return site
}

const bytes = (count: number): string => randomBytes(count).toString('base64url')

describe('failed authentications of clients', () => {
  const ask = (site: Site, headers: Readonly<Record<string, string>>, ip?: string) =>
    site.ask('introspect', { token: 'x' }, headers, ip)

  test('count for their network, whichever client it was, and shut out no client', async () => {
    const site = await start(undefined, { lockout: { networkAttempts: 3 } })
    for (const headers of [WRONG, basic('nobody', 'x'), WRONG])
      expect(await ask(site, headers)).toMatchObject({ status: 401 })
    expect(await ask(site, WRONG)).toMatchObject({
      ...{ status: 429, body: { error: 'too_many_requests' }, headers: { 'Retry-After': '900' } },
    })
    expect((await ask(site, GATEWAY)).status).toBe(200)
    expect((await ask(site, WRONG, '198.51.100.1')).status).toBe(401)
    site.clock.turn(900_000)
    expect((await ask(site, WRONG)).status).toBe(401)
  })

  test('are told as long as they are counted, with the name of a client that there is', async () => {
    const site = await start(undefined, { lockout: { networkAttempts: 2 } })
    for (const headers of [WRONG, basic('nobody', 'x'), WRONG, WRONG]) await ask(site, headers)
    const told = { event: 'request.refused', reason: 'client_unauthenticated' }
    expect(site.events).toEqual([
      expect.objectContaining({ ...told, client_id: 'gateway' }),
      expect.not.objectContaining({ client_id: expect.anything() }),
    ])
    expect(JSON.stringify(site.events)).not.toMatch(/nobody|wrong-secret/)
  })

  test('do not count where networks are not locked out, nor a request without credentials', async () => {
    const unlimited = await start(undefined, { lockout: { networkAttempts: 0 } })
    for (let turn = 0; turn < 20; turn++) expect((await ask(unlimited, WRONG)).status).toBe(401)
    const site = await start(undefined, { lockout: { networkAttempts: 1 } })
    for (let turn = 0; turn < 5; turn++) expect((await ask(site, {})).status).toBe(401)
    expect((await ask(site, WRONG)).status).toBe(401)
  })

  test('do not change the count of sign-ins', async () => {
    const site = await start(undefined, { lockout: { networkAttempts: 1 } })
    await ask(site, WRONG)
    expect((await ask(site, WRONG)).status).toBe(429)
    expect(site.events.map(({ event }) => event)).not.toContain('login.failed')
  })
})

describe('tokens that were never issued', () => {
  const limited = { clients: [gateway, { ...gateway, clientId: 'other' }], unknownTokens: { count: 3 } }

  test('are answered 429 beyond the limit, until its window is over', async () => {
    const site = await start(limited)
    const { token: known } = await site.signIn()
    expect((await site.introspect(known)).body.active).toBe(true)
    const { token: later } = await site.signIn()
    for (const token of ['x', `${known}A`, `spa_${bytes(60)}`])
      expect(await site.introspect(token)).toMatchObject(inactive)
    for (const token of ['x', bytes(20), later])
      expect(await site.introspect(token)).toMatchObject({ status: 429, headers: { 'Retry-After': '60' } })
    // What this process knows costs nothing, and users who are here go on.
    expect((await site.introspect(known)).body.active).toBe(true)
    expect((await site.ask('introspect', { token: 'x' }, basic('other', 'gateway-secret'))).status).toBe(200)
    expect((await site.ask('revoke', { token: 'x' }, GATEWAY)).status).toBe(200)
    site.clock.turn(60_000)
    expect((await site.introspect(later)).body.active).toBe(true)
    expect((await site.introspect('x')).status).toBe(200)
  })

  test('are not those that were, whatever became of them', async () => {
    const site = await start(limited)
    const { token, refresh } = await site.signIn()
    await site.ask('revoke', { token: refresh }, GATEWAY)
    for (let turn = 0; turn < 10; turn++) expect((await site.introspect(token)).status).toBe(200)
    site.clock.turn(3_600_000)
    for (let turn = 0; turn < 10; turn++) expect((await site.introspect(token)).status).toBe(200)
    expect((await site.introspect('x')).status).toBe(200)
  })

  test('are told once for each limit that they use up', async () => {
    const site = await start(limited)
    for (let turn = 0; turn < 50; turn++) await site.introspect(bytes(20))
    expect(site.events).toEqual([
      expect.objectContaining({ event: 'token.refused', reason: 'signatures_limited', client_id: 'gateway' }),
    ])
  })

  test('are counted for all processes together', async () => {
    const inner = memoryStore()
    let shared: Promise<Store> | undefined
    const store: StoreDriver = { ...inner, open: (context) => (shared ??= inner.open(context)) }
    const [one, two] = [await start(limited, { store }), await start(limited, { store })]
    for (const site of [one, two, one]) await site.introspect('x')
    // A process learns of it by the next one that it finds unknown.
    expect((await two.introspect('x')).status).toBe(200)
    expect((await two.introspect('x')).status).toBe(429)
    expect((await one.introspect('x')).status).toBe(429)
  })

  test('need a store that counts, if there is a limit', async () => {
    const store: StoreDriver = {
      ...memoryStore(),
      async open(context) {
        const { counters: _counters, ...others } = await memoryStore().open(context)
        return others
      },
    }
    const fault = await configFault(() => oauthSite(limited, { store }))
    expect(fault.message).toBe('"store" has no counters, which the option "oauth.unknownTokens" needs')
    expect((await (await start(undefined, { store })).introspect('x')).status).toBe(200)
  })
})

/** Collects garbage, and returns the bytes that are left. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

/** Asks about so many tokens that nobody issued, in all forms of tokens, and counts the answers of each kind. */
async function scan(site: Site, count: number): Promise<ReadonlyMap<string, number>> {
  const { token } = await site.signIn()
  const [header = '', payload = ''] = token.split('.')
  const pool = bytes(100_000)
  const some = (length: number, turn: number): string => pool.slice(turn % 100_000, (turn % 100_000) + length)
  const forms: readonly ((turn: number) => string)[] = [
    (turn) => `${turn}${some(40, turn)}`,
    (turn) => `spa_${some(80, turn)}`,
    (turn) => `spr_${some(68, turn)}`,
    (turn) => `spk_${some(84, turn)}`,
    (turn) => `${some(20, turn)}.${turn}.${some(86, turn)}`,
    (turn) => `eyJhbGciOiJub25lIn0.${some(100, turn)}.`,
    (turn) => `${header}.${turn}.${some(86, turn)}`,
  ]
  const answers = new Map<string, number>()
  for (let turn = 0; turn < count; turn++) {
    // To check a signature takes so long that fewer of these are asked about.
    const make = turn % 100 === 0 ? undefined : forms[turn % forms.length]
    const asked = make?.(turn) ?? `${header}.${payload}.${some(86, turn)}`
    const { status, headers, text } = await site.introspect(asked)
    const answer = `${status} ${Object.keys(headers)} ${text}`
    answers.set(answer, (answers.get(answer) ?? 0) + 1)
  }
  return answers
}

test('100,000 random tokens leave nothing behind, and all are answered alike', async () => {
  const site = await start()
  await scan(site, 20_000)
  const before = heapUsed()
  const answers = await scan(site, 80_000)
  expect(heapUsed() - before).toBeLessThan(4 * 1024 * 1024)
  const { status, text } = inactive
  expect([...answers]).toEqual([[`${status} Content-Type,Cache-Control ${text}`, 80_000]])
  expect(site.events.map(({ event }) => event)).toEqual(['session.started', 'session.started'])
}, 60_000)

test('a scan is cut off where there is a limit', async () => {
  const site = await start({ clients: [gateway], unknownTokens: { count: 100 } })
  const answers = await scan(site, 1000)
  expect([...answers.values()]).toEqual([100, 900])
  expect([...answers.keys()][1]).toMatch(/^429 .*Retry-After/)
})
