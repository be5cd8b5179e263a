// From the end of a session in one deployment to the refusal of its user in another, over real HTTP, in a process of its
// own: sends SignalFigures to its parent.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { gateOf } from '@sallyport/core/adapter'
import { createSallyport, type ExpressSallyport } from '@sallyport/express'
import { redisStore } from '@sallyport/redis'
import { createSignals } from '@sallyport/signals'
import express, { type Express } from 'express'
import { quantile } from './stats.ts'
import { BearerView } from './view.ts'

export interface SignalTask {
  readonly redisUrl: string
  readonly signals: number
}

/** Milliseconds from the call that ends the session. */
export interface SignalFigure {
  readonly where: string
  readonly median: number
  readonly p99: number
  readonly most: number
}
export type SignalFigures = readonly SignalFigure[]

const SECRET = 'a secret of the benchmark, 32 bytes'
const WARM_UP = 20

const task = JSON.parse(process.argv[2] ?? '') as SignalTask
let app: Express | undefined
const server = createServer((req, res) => app?.(req, res))
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

const sender = await deployment('sender', `${url}/sender`, { outbox: {} })
const receiver = await deployment('receiver', url)
const neighbour = await deployment('receiver', url)
const sent = await createSignals(sender, {
  send: { receivers: [{ audience: 'receiver', push: { url: `${url}/auth/signals` } }] },
})
const taken = await createSignals(receiver, {
  receive: {
    transmitters: [{ issuer: `${url}/sender`, audience: 'receiver', jwks: `${url}/.well-known/jwks.json` }],
    subjectOf: ({ sub }) => (typeof sub === 'string' ? sub : undefined),
  },
})
app = express()
app.use('/auth', receiver.router(...taken.receiver))
app.use(sender.router('well-known'))

const here: number[] = []
const there: number[] = []
for (let round = -WARM_UP; round < task.signals; round++) {
  const subject = `user${round}`
  const [elsewhere, token] = [await signIn(sender, subject), await signIn(receiver, subject)]
  const session = await sessionOf(sender, elsewhere)
  const start = performance.now()
  await sender.sessions.revoke(session)
  const [atOnce, later] = await Promise.all([refused(receiver, token), refused(neighbour, token)])
  if (round < 0) continue
  here.push(atOnce - start)
  there.push(later - start)
}
const figures: SignalFigures = [
  figureOf('the process that takes the signal', here),
  figureOf('another process with the same Redis', there),
]
sent.close()
process.send?.(figures, () => process.exit())

function deployment(prefix: string, issuer: string, more: object = {}): Promise<ExpressSallyport> {
  const store = redisStore({ url: task.redisUrl, keyPrefix: prefix })
  return createSallyport({ issuer, audience: 'api', secret: SECRET, production: false, store, ...more })
}

async function signIn(sallyport: ExpressSallyport, subject: string): Promise<string> {
  const { body } = await gateOf(sallyport).signIn(new BearerView(''), { subject })
  return (JSON.parse(String(body)) as { access_token: string }).access_token
}

async function sessionOf({ tokens }: ExpressSallyport, token: string): Promise<string> {
  const verdict = await tokens.verify(token)
  if (verdict.kind === 'valid' && verdict.auth.session !== undefined) return verdict.auth.session
  throw new Error('a token of the benchmark is not valid')
}

/** When the token is refused for the first time. */
async function refused({ tokens }: ExpressSallyport, token: string): Promise<number> {
  while ((await tokens.verify(token)).kind === 'valid') await setTimeout(1)
  return performance.now()
}

function figureOf(where: string, delays: readonly number[]): SignalFigure {
  return { where, median: quantile(delays, 0.5), p99: quantile(delays, 0.99), most: Math.max(...delays) }
}
