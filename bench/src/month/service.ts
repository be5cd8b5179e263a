import { createSallyport, memoryStore } from '@sallyport/core'
import { type Answer, gateOf, type RequestView } from '@sallyport/core/adapter'
import { AUDIENCE, ISSUER, USER_AGENT } from '../setup.ts'
import { createKey } from '../tokens.ts'
import type { Agenda } from './agenda.ts'

export const GRACE_SECONDS = 10

/** What is the same for everybody in a run. */
export interface Conditions {
  /** Whether clients send an `Idempotency-Key`. */
  readonly keyed: boolean
  /** Who checks access tokens: the library, or a service that has nothing but the JWK Set. */
  readonly api: 'library' | 'jwks'
  readonly graceSeconds: number
}

export type Given =
  | { readonly kind: 'tokens'; readonly cookie: string; readonly accessToken: string }
  /** 401: the session is over. */
  | { readonly kind: 'ended' }

export interface Sender {
  readonly ip: string
  /** The refresh cookie, as the header has it. */
  readonly cookie?: string | undefined
  readonly key?: string | undefined
}

const heard = ['session.started', 'refresh.reused', 'refresh.contested'] as const
export type Heard = (typeof heard)[number]

/** A deployment of the library with its API. It never forgets an answer; the network may. */
export interface Service {
  signIn(subject: string, sender: Sender): Promise<Given>
  refresh(sender: Sender): Promise<Given>
  /** Calls the API. Where that has only the JWK Set, the library does not hear of it. */
  call(accessToken: string): Promise<void>
  /** Whether the library would still accept the token. */
  accepts(accessToken: string): Promise<boolean>
  on(listener: (event: Heard, subject: string) => void): void
  close(): Promise<void>
}

export async function openService(agenda: Agenda, conditions: Conditions): Promise<Service> {
  const { privateJwk } = await createKey('EdDSA')
  const sallyport = await createSallyport({
    issuer: ISSUER,
    audience: AUDIENCE,
    secret: 'Zr0jWm3cQf8nTq1XvK5yLb9sHd2gAe7uPi4oRx6tNwE',
    store: memoryStore(),
    clock: agenda,
    production: false,
    access: { keys: [privateJwk], algorithm: 'EdDSA' },
    refresh: { graceSeconds: conditions.graceSeconds },
    limits: { sessions: 0, refreshes: { count: 0 }, converged: 0 },
  })
  const gate = gateOf(sallyport)
  const verify = gate.verifier()
  const route = gate.routes(['refresh']).find(({ path }) => path === '/refresh')
  if (route === undefined) throw new Error('there is no route /refresh')

  async function accepts(accessToken: string): Promise<boolean> {
    const decision = await verify(viewOf('GET', API, { authorization: `Bearer ${accessToken}` }))
    return decision.kind === 'allow'
  }

  return {
    signIn: async (subject, sender) =>
      read(await gate.signIn(viewOf('POST', sender.ip, headersOf(sender)), { subject })),
    refresh: async (sender) => read(await route.handle(viewOf('POST', sender.ip, headersOf(sender)))),
    async call(accessToken) {
      if (conditions.api === 'library') await accepts(accessToken)
    },
    accepts,
    on: (listener) =>
      void sallyport.on('event', ({ event, sub }) => {
        const name = heard.find((one) => one === event)
        if (name !== undefined && sub !== undefined) listener(name, sub)
      }),
    close: sallyport.close,
  }
}

/** Whoever calls the API; its address does not matter. */
const API = '192.0.2.1'

function headersOf({ cookie, key }: Sender): Record<string, string> {
  return {
    ...(cookie !== undefined && { cookie }),
    ...(key !== undefined && { 'idempotency-key': key }),
  }
}

/** A thief copies the User-Agent with the cookie, so everybody has the same. */
function viewOf(method: 'GET' | 'POST', ip: string, own: Record<string, string>): RequestView {
  const headers = { host: 'api.example.com', 'user-agent': USER_AGENT, ...own }
  return {
    method,
    target: '/',
    headers,
    rawHeaders: Object.entries(headers).flat(),
    ip,
    host: headers.host,
    secure: true,
    body: { kind: 'parsed', value: undefined },
    params: {},
  }
}

function read({ status, cookies: [cookie], body }: Answer): Given {
  if (status === 401) return { kind: 'ended' }
  const pair = cookie?.split(';')[0]
  if (status !== 200 || pair === undefined || body === undefined)
    throw new Error(`answered ${status}: ${body}`)
  const { access_token: accessToken } = JSON.parse(body) as { access_token: string }
  return { kind: 'tokens', cookie: pair, accessToken }
}
