// From the end of a session in one deployment to the refusal of its token in other services, over real HTTP, in a process
// of its own: sends ReachFigures to its parent.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { gateOf } from '@sallyport/core/adapter'
import { createSallyport, type ExpressSallyport, type SallyportOptions } from '@sallyport/express'
import { redisStore } from '@sallyport/redis'
import { createSignals } from '@sallyport/signals'
import express from 'express'
import { quantile } from './stats.ts'
import { BearerView } from './view.ts'

export interface ReachTask {
  readonly redisUrl: string
  readonly rounds: number
}

/** Milliseconds from the call that ends the session. */
export interface ReachFigure {
  readonly where: string
  readonly median: number
  readonly p99: number
  readonly most: number
}
export type ReachFigures = readonly ReachFigure[]

/** Whether a service still takes the token. */
type Takes = (token: string) => Promise<boolean>

const SECRET = 'a secret of the benchmark, 32 bytes'
const GATEWAY = { clientId: 'gateway', clientSecret: 'a secret of the gateway, of 32 bytes' }
const WARM_UP = 20
/** Before a round, what the services learned in the one before must be through. */
const REST_MS = 5

const task = JSON.parse(process.argv[2] ?? '') as ReachTask
const app = express()
const server = createServer(app)
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const jwks = `${url}/.well-known/jwks.json`
const trusted = { issuer: url, audience: 'api', jwks, algorithms: ['EdDSA'] } as const

const issuer = await deployment({
  backchannelLogout: { clients: [{ clientId: 'orders', uri: `${url}/orders/backchannel-logout` }] },
  oauth: { clients: [{ ...GATEWAY, introspect: true }] },
})
const neighbour = await deployment({ outbox: {} })
app.use(issuer.router('well-known'))
const byLogout = await createSallyport({
  issuers: [trusted],
  backchannelLogout: { issuers: [{ issuer: url, audience: 'orders', jwks }] },
})
const bySignal = await createSallyport({ issuers: [trusted] })
const sent = await createSignals(issuer, {
  send: { receivers: [{ audience: 'billing', push: { url: `${url}/billing/signals` } }] },
})
const taken = await createSignals(bySignal, {
  receive: { transmitters: [{ issuer: url, audience: 'billing', jwks, tokens: true }] },
})
app.use('/auth', neighbour.router('refresh'), issuer.router('introspect'))
app.use('/orders', byLogout.router('backchannel-logout'))
app.use('/billing', bySignal.router(...taken.receiver))

const services: Readonly<Record<string, Takes>> = {
  'the same Redis': verifiedBy(neighbour),
  introspection: introspected,
  'a logout token': verifiedBy(byLogout),
  'a shared signal': verifiedBy(bySignal),
}
const delays = new Map(Object.keys(services).map((where): [string, number[]] => [where, []]))
for (let round = -WARM_UP; round < task.rounds; round++) {
  const token = await signIn(`user${round}`)
  for (const [where, takes] of Object.entries(services))
    if (!(await takes(token))) throw new Error(`a token of the benchmark is not valid for ${where}`)
  const session = await sessionOf(token)
  const start = performance.now()
  await issuer.sessions.revoke(session)
  await Promise.all(
    Object.entries(services).map(async ([where, takes]) => {
      while (await takes(token)) await setTimeout(1)
      if (round >= 0) delays.get(where)?.push(performance.now() - start)
    }),
  )
  await setTimeout(REST_MS)
}
const figures: ReachFigures = [...delays].map(([where, measured]) => ({
  where,
  median: quantile(measured, 0.5),
  p99: quantile(measured, 0.99),
  most: Math.max(...measured),
}))
sent.close()
process.send?.(figures, () => process.exit())

function deployment(more: SallyportOptions): Promise<ExpressSallyport> {
  const store = redisStore({ url: task.redisUrl })
  return createSallyport({ issuer: url, audience: 'api', secret: SECRET, production: false, store, ...more })
}

async function signIn(subject: string): Promise<string> {
  const { body } = await gateOf(issuer).signIn(new BearerView(''), { subject })
  return (JSON.parse(String(body)) as { access_token: string }).access_token
}

async function sessionOf(token: string): Promise<string> {
  const verdict = await issuer.tokens.verify(token)
  if (verdict.kind === 'valid' && verdict.auth.session !== undefined) return verdict.auth.session
  throw new Error('a token of the benchmark is not valid')
}

function verifiedBy({ tokens }: ExpressSallyport): Takes {
  return async (token) => (await tokens.verify(token)).kind === 'valid'
}

async function introspected(token: string): Promise<boolean> {
  const { clientId, clientSecret } = GATEWAY
  const basic = [clientId, clientSecret].map(encodeURIComponent).join(':')
  const answer = await fetch(`${url}/auth/introspect`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(basic).toString('base64')}` },
    body: new URLSearchParams({ token }),
  })
  return ((await answer.json()) as { active: boolean }).active
}
