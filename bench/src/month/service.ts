import { createSallyport, memoryStore } from '@sallyport/core'
import { type Answer, gateOf, type RequestView } from '@sallyport/core/adapter'
import { AUDIENCE, ISSUER, USER_AGENT } from '../setup.ts'
import type { Agenda } from '../simulation/agenda.ts'
import type { Given, Sender, TokenServer } from '../simulation/browser.ts'
import { refreshRouteOf, tokenHeadersOf, tokensIn, viewFrom } from '../simulation/requests.ts'
import { createKey } from '../tokens.ts'

export const GRACE_SECONDS = 10

/** What is the same for everybody in a run. */
export interface Conditions {
  /** Whether clients send an `Idempotency-Key`. */
  readonly keyed: boolean
  /** Who checks access tokens: the library, or a service that has nothing but the JWK Set. */
  readonly api: 'library' | 'jwks'
  readonly graceSeconds: number
}

const heard = ['session.started', 'refresh.reused', 'refresh.contested'] as const
export type Heard = (typeof heard)[number]

/** A deployment of the library with its API. */
export interface Service extends TokenServer {
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
  const refresh = refreshRouteOf(gate)

  async function accepts(accessToken: string): Promise<boolean> {
    const headers = { authorization: `Bearer ${accessToken}` }
    const decision = await verify(viewFrom({ ip: API, userAgent: USER_AGENT, headers }, 'GET'))
    return decision.kind === 'allow'
  }

  return {
    signIn: async (subject, sender) => read(await gate.signIn(viewOf(sender), { subject })),
    refresh: async (sender) => read(await refresh.handle(viewOf(sender))),
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

/** A thief copies the User-Agent with the cookie, so everybody has the same. */
function viewOf({ ip, ...sent }: Sender): RequestView {
  return viewFrom({ ip, userAgent: USER_AGENT, headers: tokenHeadersOf(sent) }, 'POST')
}

function read(answer: Answer): Given {
  if (answer.status === 401) return { kind: 'ended' }
  const { cookie, accessToken } = tokensIn(answer)
  return { kind: 'tokens', cookie, accessToken }
}
