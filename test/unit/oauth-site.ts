import {
  createSallyport,
  memoryStore,
  type OAuthClientOptions,
  type OAuthOptions,
  type Sallyport,
  type SallyportEvent,
  type SallyportOptions,
} from '@sallyport/core'
import { type EndpointName, gateOf } from '@sallyport/core/adapter'
import { textIn } from '../support/text-in.ts'
import { type TurnedClock, turnedClock } from '../support/turned-clock.ts'
import { viewOf } from './view.ts'

export const ISSUER = 'https://auth.example.com'
export const API = 'https://api.example.com'

/** A client that may do everything. */
export const gateway: OAuthClientOptions = {
  ...{ clientId: 'gateway', clientSecret: 'gateway-secret', introspect: true, revoke: 'all' },
}
export const GATEWAY = basic('gateway', 'gateway-secret')

export interface Told {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** The body, if it is JSON. */
  readonly body: Readonly<Record<string, unknown>>
}

type Headers = Readonly<Record<string, string>>
type Endpoint = 'introspect' | 'revoke' | 'token'

export interface Site {
  readonly sallyport: Sallyport
  readonly clock: TurnedClock
  readonly events: SallyportEvent[]
  /** Signs in a user whose tokens travel in bodies. */
  signIn(signIn?: object): Promise<{ readonly token: string; readonly refresh: string }>
  ask(endpoint: Endpoint, form: object, headers?: Headers, ip?: string): Promise<Told>
  /** Asks the gateway's question. */
  introspect(token: string): Promise<Told>
  /** The status of a request with this access token, or this API key. */
  opens(token: string): Promise<number>
}

export function basic(id: string, secret: string): Headers {
  return { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` }
}

export async function oauthSite(
  oauth: OAuthOptions = { clients: [gateway] },
  more: Partial<SallyportOptions> = {},
): Promise<Site> {
  const clock = turnedClock()
  const sallyport = await createSallyport({
    ...{ issuer: ISSUER, audience: API, store: memoryStore(), clock, oauth },
    secret: 'a secret of the test, with its 32 bytes',
    ...more,
  })
  const events: SallyportEvent[] = []
  sallyport.on('event', (event) => events.push(event))
  const gate = gateOf(sallyport)
  const names: readonly EndpointName[] = ['token', 'revoke', 'introspect']
  const routes = new Map(names.map((name) => [name, gate.routes([name])[0]]))

  async function ask(
    endpoint: Endpoint,
    form: object,
    headers: Headers = {},
    ip = '192.0.2.1',
  ): Promise<Told> {
    const view = viewOf({ headers, ip, body: { kind: 'parsed', value: form } })
    const answer = await routes.get(endpoint)?.handle(view)
    if (answer === undefined) throw new RangeError(`${endpoint} is not mounted`)
    const text = textIn(answer.body)
    const body = text.startsWith('{') ? JSON.parse(text) : {}
    return { status: answer.status, headers: answer.headers, text, body }
  }

  return {
    ...{ sallyport, clock, events, ask },
    introspect: (token) => ask('introspect', { token }, GATEWAY),
    async signIn(signIn = {}) {
      const view = viewOf({ headers: { 'x-token-transport': 'body' } })
      const answer = await gate.signIn(view, { subject: 'alice', scope: ['read'], ...signIn })
      const { access_token: token, refresh_token: refresh } = JSON.parse(textIn(answer.body))
      return { token, refresh }
    },
    async opens(token) {
      const verdict = await sallyport.tokens.verify(token, {}, { apiKeys: 'accept' })
      return verdict.kind === 'valid' ? 200 : 401
    },
  }
}
