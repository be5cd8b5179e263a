import { createHmac, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Alert } from '@sallyport/core'
import { afterEach, expect, test, vi } from 'vitest'
import { createWebhook } from '../../packages/core/src/watch/alerts/webhook.ts'
import { turnedClock } from '../support/turned-clock.ts'
import { anomaliesWorld, failed, times } from './anomalies-world.ts'

interface Received {
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A server that keeps what it gets, and answers the nth request in that way. */
async function receiver(answer: (nth: number, res: ServerResponse) => void) {
  const received: Received[] = []
  const server = createServer(async (req, res) => {
    const nth = received.length
    const index = received.push({ headers: req.headers, body: '' }) - 1
    let body = ''
    for await (const chunk of req) body += chunk
    received[index] = { headers: req.headers, body }
    answer(nth, res)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` }
}

const ok = (_nth: number, res: ServerResponse): void => void res.end()
const alertOf = (nth: number): Alert => ({
  ...{ id: `alert-${nth}`, time: '2026-01-01T00:00:00.000Z', rule: 'x', severity: 'warning' },
  ...{ summary: 's', event: {} as never },
})

function webhook(url: string, pausesMs: readonly number[] = [0, 10, 10], timeoutMs = 5000) {
  const notices: string[] = []
  const hook = createWebhook({
    ...{ url, key: randomBytes(24), timeoutMs, pausesMs, clock: turnedClock() },
    notice: (message) => void notices.push(message),
  })
  closing.push(hook.close)
  return { ...hook, notices }
}

test.each(['whsec_', ''])(
  'an alert is signed as Standard Webhooks says (secret with "%s")',
  async (prefix) => {
    const key = randomBytes(32)
    const { url, received } = await receiver(ok)
    const webhook = { url, secret: `${prefix}${key.toString('base64')}` }
    const { raisedBy, alerts, clock, sallyport } = await anomaliesWorld({ webhook })
    closing.push(sallyport.close)
    clock.turn(1500)
    await raisedBy(...times(6, () => failed('192.0.2.1')))
    await vi.waitFor(() => expect(received[0]?.body).toBeTruthy())
    const { headers, body } = received[0] as Received
    const seconds = Date.UTC(2026, 0, 1) / 1000 + 1
    expect(headers['content-type']).toBe('application/json')
    expect(headers['webhook-id']).toBe(alerts[0]?.id)
    expect(headers['webhook-timestamp']).toBe(`${seconds}`)
    const signed = createHmac('sha256', key).update(`${alerts[0]?.id}.${seconds}.${body}`).digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${signed}`)
    const { id: _id, time, ...data } = alerts[0] as Alert
    expect(JSON.parse(body)).toEqual({ type: 'alert.raised', timestamp: time, data })
    expect(data.rule).toBe('failed_sign_ins')
  },
)

test('what is not accepted is sent again, under the same id, until it is', async () => {
  const statuses = [500, 302, 200]
  const { url, received } = await receiver((nth, res) =>
    res.writeHead(statuses[nth] ?? 200, { location: '/elsewhere' }).end('x'),
  )
  const { send, lost, notices } = webhook(url)
  send(alertOf(1))
  await vi.waitFor(() => expect(received).toHaveLength(3))
  await vi.waitFor(() => expect(new Set(received.map(({ body }) => body)).size).toBe(1))
  expect(received.map(({ headers }) => headers['webhook-id'])).toEqual(['alert-1', 'alert-1', 'alert-1'])
  expect(lost()).toBe(0)
  expect(notices).toEqual([])
})

test('after a few attempts it is lost, which is counted, and told once until the next is accepted', async () => {
  let isWell = false
  const { url, received } = await receiver((_nth, res) => void res.writeHead(isWell ? 204 : 503).end())
  const { send, lost, notices } = webhook(url)
  for (const nth of [1, 2]) send(alertOf(nth))
  await vi.waitFor(() => expect(lost()).toBe(2))
  expect(received).toHaveLength(6)
  expect(notices).toHaveLength(1)
  isWell = true
  send(alertOf(3))
  await vi.waitFor(() => expect(received).toHaveLength(7))
  expect(lost()).toBe(2)
})

test('nobody who listens counts like a refusal', async () => {
  const { send, lost } = webhook('http://127.0.0.1:1/hook')
  send(alertOf(1))
  await vi.waitFor(() => expect(lost()).toBe(1))
})

test('a receiver that does not answer in time has not accepted it', async () => {
  const { url, received } = await receiver((nth, res) => {
    if (nth > 0) res.end()
  })
  const { send, lost } = webhook(url, [0, 10], 100)
  send(alertOf(1))
  await vi.waitFor(() => expect(received).toHaveLength(2))
  expect(lost()).toBe(0)
})

test.each<[string, () => unknown]>([
  ['a number without an end', () => 10n],
  [
    'a circle',
    () => {
      const circle: { self?: object } = {}
      circle.self = circle
      return circle
    },
  ],
  [
    'a getter that throws',
    () => ({
      get name() {
        throw new Error('secret')
      },
    }),
  ],
])('an event with %s, which JSON cannot hold, is lost alone, and that is told once', async (_name, make) => {
  const { url, received } = await receiver(ok)
  const { send, lost, notices, close } = webhook(url)
  for (const nth of [1, 2]) send({ ...alertOf(nth), event: { member: make() } as never })
  send(alertOf(3))
  await vi.waitFor(() => expect(received).toHaveLength(1))
  await close()
  expect(received[0]?.headers['webhook-id']).toBe('alert-3')
  expect(lost()).toBe(2)
  expect(notices).toHaveLength(1)
  expect(notices[0]).toContain('JSON')
})

test('no more than a hundred are on their way', async () => {
  const answers: (() => void)[] = []
  const { url, received } = await receiver((nth, res) => {
    if (nth < 100) answers.push(() => res.end())
    else res.end()
  })
  const { send, lost, notices } = webhook(url)
  for (let nth = 0; nth < 130; nth++) send(alertOf(nth))
  expect(lost()).toBe(30)
  expect(notices).toEqual(['alerts were not sent to the webhook of "anomalies": 100 others are on their way'])
  await vi.waitFor(() => expect(answers).toHaveLength(100))
  for (const answer of answers) answer()
  const isThere = (id: string): boolean => received.some(({ headers }) => headers['webhook-id'] === id)
  await vi.waitFor(() => {
    send(alertOf(130))
    expect(isThere('alert-130')).toBe(true)
  })
})

test('close waits for what is under way, and gives up what is to be sent again', async () => {
  const answers: (() => void)[] = []
  const { url, received } = await receiver((nth, res) => {
    if (nth === 0) res.writeHead(500).end()
    else answers.push(() => res.end())
  })
  const { send, lost, close } = webhook(url, [0, 1_000_000])
  send(alertOf(1))
  await vi.waitFor(() => expect(received).toHaveLength(1))
  send(alertOf(2))
  await vi.waitFor(() => expect(answers).toHaveLength(1))
  let isClosed = false
  const closed = close().then(() => {
    isClosed = true
  })
  await vi.waitFor(() => expect(lost()).toBe(1))
  expect(isClosed).toBe(false)
  answers[0]?.()
  await closed
  expect(lost()).toBe(1)
  send(alertOf(3))
  expect(lost()).toBe(2)
  expect(received).toHaveLength(2)
})
