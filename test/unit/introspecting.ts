import {
  createSallyport,
  type IntrospectionOptions,
  memoryStore,
  type Sallyport,
  type SallyportOptions,
} from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { type TurnedClock, turnedClock } from '../support/turned-clock.ts'
import { type Answer, json, type ScriptedIssuer, scriptedIssuer } from './scripted-issuer.ts'
import { viewOf } from './view.ts'

export const API = 'https://api.example.com'
export const PATH = '/introspect'

/** A question, as the issuer got it. */
export interface Question {
  readonly method: string | undefined
  readonly authorization: string | undefined
  readonly accept: string | undefined
  readonly type: string | undefined
  readonly form: Readonly<Record<string, string>>
}

/** An issuer of opaque tokens, and whoever asks it. */
export interface Introspecting {
  readonly issuer: ScriptedIssuer
  readonly clock: TurnedClock
  readonly questions: Question[]
  /** What it knows of each token. Of others it says that they are inactive. */
  readonly known: Map<string, unknown>
  /** What it would say of a good token, with these changes. */
  goodAnswer(changes?: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>
  /** Sets what it does instead of answering the question. */
  answering(answer: Answer | undefined): void
  site(
    more?: Partial<IntrospectionOptions>,
    options?: Partial<SallyportOptions>,
    issuer?: object,
  ): Promise<Sallyport>
  close(): Promise<void>
}

export async function introspecting(): Promise<Introspecting> {
  const issuer = await scriptedIssuer()
  const clock = turnedClock()
  const questions: Question[] = []
  const known = new Map<string, unknown>()
  const open: Sallyport[] = []
  let instead: Answer | undefined
  issuer.answers.set(PATH, (request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const form = Object.fromEntries(new URLSearchParams(body))
      const { authorization, accept, 'content-type': type } = request.headers
      questions.push({ method: request.method, authorization, accept, type, form })
      const answer = instead ?? json(known.get(form.token ?? '') ?? { active: false })
      answer(request, response)
    })
  })
  return {
    issuer,
    clock,
    questions,
    known,
    goodAnswer(changes = {}) {
      const now = Math.floor(clock.now() / 1000)
      const times = { exp: now + 3600, iat: now }
      return {
        active: true,
        sub: 'alice',
        aud: API,
        client_id: 'web',
        scope: 'read write',
        ...times,
        ...changes,
      }
    },
    answering(answer) {
      instead = answer
    },
    async site(more = {}, options = {}, others = {}) {
      const introspection = {
        url: `${issuer.origin}${PATH}`,
        clientId: 'api',
        clientSecret: 'its secret',
        ...more,
      }
      const sallyport = await createSallyport({
        ...{ audience: API, store: memoryStore(), clock },
        secret: 'a secret of the test, with its 32 bytes',
        issuers: [{ issuer: issuer.origin, audience: API, introspection, ...others }],
        ...options,
      })
      open.push(sallyport)
      return sallyport
    },
    async close() {
      for (const sallyport of open) await sallyport.close()
      await issuer.close()
    },
  }
}

export async function decisionOn(sallyport: Sallyport, token: string) {
  const view = viewOf({ method: 'GET', headers: { authorization: `Bearer ${token}` }, ip: '192.0.2.1' })
  return gateOf(sallyport).verifier({ issuers: 'all' })(view)
}

export async function statusOf(sallyport: Sallyport, token: string): Promise<number> {
  const decision = await decisionOn(sallyport, token)
  return decision.kind === 'refuse' ? decision.answer.status : 200
}
