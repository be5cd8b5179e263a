import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { createSallyport, memoryStore, type Sallyport } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { createSignals, type Signals } from '@sallyport/signals'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Listening, listening } from '../support/listening.ts'
import { viewOf } from '../unit/view.ts'
import { AUDIENCE, CAEP, claimsOf, ISSUER, jwks, sign, user } from './transmitter.ts'

const OWN = 'https://auth.example.test'
const open: { close(): unknown }[] = []
// A turn of polling ends with the half minute, which must not be over in the middle of a test.
beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2027, 0, 1), toFake: ['Date'] })
})
afterEach(async () => {
  vi.restoreAllMocks()
  vi.useRealTimers()
  for (const one of open.splice(0).reverse()) await one.close()
})

interface Asked {
  readonly body: Record<string, unknown>
  readonly headers: Readonly<Record<string, unknown>>
}

/** A transmitter of somebody else, which gives these answers, and then waits for ever. */
async function transmitter(answers: readonly (readonly [status: number, body: unknown])[]) {
  const asked: Asked[] = []
  const left = [...answers]
  const server = createServer(async (req, res) => {
    if (req.method === 'GET') return void res.end()
    asked.push({ body: JSON.parse(await text(req)), headers: req.headers })
    const next = left.shift()
    if (next === undefined) return
    res.writeHead(next[0], { 'content-type': 'application/json' })
    res.end(typeof next[1] === 'string' ? next[1] : JSON.stringify(next[1]))
  })
  const one: Listening = await listening(server, () => Promise.resolve())
  open.push(one)
  return { ...one, asked }
}

async function receiver(
  url: string,
  store = memoryStore(),
): Promise<{ sallyport: Sallyport; signals: Signals }> {
  const sallyport = await createSallyport({ issuer: OWN, store })
  const signals = await createSignals(sallyport, {
    receive: {
      transmitters: [
        { ...{ issuer: ISSUER, audience: AUDIENCE, jwks }, poll: { url, authorization: 'Bearer mine' } },
      ],
    },
  })
  open.push({ close: () => sallyport.close() }, signals)
  return { sallyport, signals }
}

const patiently = { timeout: 15_000, interval: 20 }
const revoked = (sub: string) => claimsOf(`${CAEP}session-revoked`, user(sub))

describe('a transmitter is asked', () => {
  test('and told what was taken, and what was not', async () => {
    const [good, bad] = [revoked('alice'), claimsOf(`${CAEP}session-revoked`, user('bob'), { aud: 'other' })]
    const sets = { [String(good.jti)]: await sign(good), [String(bad.jti)]: await sign(bad), odd: 'x.y.z' }
    const { url, asked } = await transmitter([[200, { sets, moreAvailable: true }]])
    const { sallyport } = await receiver(url)
    const told: unknown[] = []
    sallyport.on('event', ({ event, reason }) => {
      if (event === 'request.refused') told.push(reason)
    })
    await gateOf(sallyport).signIn(viewOf({}), { subject: 'alice' })
    await vi.waitFor(() => expect(asked).toHaveLength(2), patiently)
    expect(asked[0]).toMatchObject({
      headers: { authorization: 'Bearer mine', 'content-type': 'application/json' },
      body: { ack: [], setErrs: {}, maxEvents: 50, returnImmediately: false },
    })
    expect(asked[0]?.headers).not.toHaveProperty('content-language')
    expect(asked[1]?.headers).toMatchObject({ 'content-language': 'en' })
    expect(asked[1]?.body).toMatchObject({
      ack: [good.jti],
      setErrs: {
        [String(bad.jti)]: { err: 'invalid_audience', description: expect.any(String) },
        odd: { err: 'invalid_request', description: expect.any(String) },
      },
    })
    expect(await sallyport.sessions.list('alice')).toEqual([])
    expect(told).toEqual(['signal_audience', 'signal_malformed'])
  })

  test.each([
    ['that fails', 500, {}],
    ['that has moved', 302, {}],
    ['that answers no JSON', 200, 'nonsense'],
    ['that answers another form', 200, { sets: ['x'] }],
    ['that answers too much', 200, { sets: { a: 'x'.repeat(1_100_000) } }],
  ])('again, %s, and the operator is told once', async (_name, status, body) => {
    const notices = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const good = revoked('alice')
    const { url, asked } = await transmitter([
      [status, body],
      [200, { sets: { [String(good.jti)]: await sign(good) } }],
    ])
    const { sallyport } = await receiver(url)
    await vi.waitFor(() => expect(asked).toHaveLength(3), patiently)
    expect(asked[2]?.body.ack).toEqual([good.jti])
    const said = notices.mock.calls.map(([message]) => String(message))
    expect(said.filter((message) => message.includes('cannot be asked for'))).toHaveLength(1)
    expect(said.filter((message) => message.includes('can be asked for again'))).toHaveLength(1)
    expect(said.join()).not.toContain('Bearer')
    expect(sallyport).toBeDefined()
  })

  test('for half as many, if it answers too much, until none are left over', async () => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const sets = { a: 'x.y.z' }
    const { url, asked } = await transmitter([
      [200, { sets: { a: 'x'.repeat(1_100_000) } }],
      [200, { sets }],
    ])
    await receiver(url)
    await vi.waitFor(() => expect(asked).toHaveLength(3), patiently)
    expect(asked.map(({ body }) => body.maxEvents)).toEqual([50, 25, 50])
  })

  test('by one process of several', async () => {
    const { url, asked } = await transmitter([])
    const shared = await memoryStore().open({
      ...{ notice: () => {}, random: (size: number) => new Uint8Array(size), production: false },
      integrityKeys: [new Uint8Array(32)],
      outbox: undefined,
    })
    const store = { ...memoryStore(), open: async () => shared }
    await Promise.all([receiver(url, store), receiver(url, store), receiver(url, store)])
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(0), patiently)
    // What the others would have sent at the same time is there by now.
    for (let requests = 0; requests < 10; requests++) await fetch(url)
    expect(asked).toHaveLength(1)
  })

  test('by nobody if the signals could not be made', async () => {
    const { url, asked } = await transmitter([])
    const sallyport = await createSallyport({ issuer: OWN })
    open.push({ close: () => sallyport.close() })
    const made = createSignals(sallyport, {
      receive: { transmitters: [{ issuer: ISSUER, audience: AUDIENCE, jwks, poll: { url } }] },
      send: { receivers: [{ audience: 'b', push: { url: 'https://b.example.com' } }] },
    })
    await expect(made).rejects.toThrow('"outbox" is required')
    // What it would have sent is there by now.
    for (let requests = 0; requests < 10; requests++) await fetch(url)
    expect(asked).toEqual([])
  })

  test('no more once it is closed', async () => {
    const { url, asked } = await transmitter([])
    const { signals } = await receiver(url)
    await vi.waitFor(() => expect(asked).toHaveLength(1), patiently)
    signals.close()
    signals.close()
    expect(asked).toHaveLength(1)
  })
})
