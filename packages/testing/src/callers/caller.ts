import type { StepUp } from '@sallyport/core'
import type { Answer, Gate } from '@sallyport/core/adapter'
import {
  AnswerError,
  afterSetCookies,
  type Body,
  bodyOf,
  type Cookies,
  cookieHeader,
  fieldOf,
  type Headers,
  viewOf,
} from './exchange.ts'
import type { Holder } from './holder.ts'

/** A signed-in user's client, at one moment. Steps do not change it: they give the caller that it becomes. */
export interface TestCaller {
  readonly subject: string
  /** The id of its session, as `sessions.revoke` takes it. */
  readonly session: string
  readonly accessToken: string
  readonly tokenType: 'Bearer' | 'DPoP'
  /** Of a caller without cookies (`transport: 'body'`). */
  readonly refreshToken: string | undefined
  /** The cookies by their names. */
  readonly cookies: Cookies
  /**
   * What each of its requests has: `authorization`, `cookie`, and what a browser says of itself. For `.set()` of supertest,
   * and `headers` of `inject` and `fetch`.
   */
  readonly headers: Headers
  /**
   * The same for one request, with a new DPoP proof if its tokens are bound to a key.
   *
   * @param url the path, or the whole URL where the application looks at more than that. With a path, `host` is set, too,
   *   so that the proof is for the host that the request names
   */
  headersFor(method: string, url: string): Promise<Headers>
  /**
   * Refreshes the session, without the application. Rejects with an `AnswerError` if that is refused.
   *
   * @param idempotencyKey the key of the request, which makes the session a keyed one. Default: none
   */
  refresh(idempotencyKey?: string): Promise<TestCaller>
  /** Raises the assurance of its session, without the application. Rejects with an `AnswerError` if that is refused. */
  stepUp(stepUp: StepUp): Promise<TestCaller>
  /**
   * The caller after an answer of the application: with the cookies that it sets, without those that it deletes, and with the
   * tokens in its body, if any.
   */
  after(answer: ReceivedAnswer): TestCaller
}

/** An answer, as supertest or `inject` gives it. */
export interface ReceivedAnswer {
  readonly headers: object
  /** An object, or its JSON. */
  readonly body?: unknown
}

/** What makes a caller; what it holds at this moment is in `Held`. */
export interface Client {
  readonly subject: string
  readonly session: string
  readonly gate: Gate
  /** Where the deployment says that it is. */
  readonly origin: URL
  /** Where proofs are for. */
  readonly provenOrigin: URL
  /** What a browser says of itself. */
  readonly identity: Headers
  /** `undefined` if the tokens are not bound to a key. */
  readonly holder: Holder | undefined
  /** Whether proofs need a nonce. */
  readonly needsNonce: boolean
}

export interface Held {
  readonly accessToken: string
  readonly refreshToken: string | undefined
  readonly cookies: Cookies
}

/** Makes the caller that holds these. */
export function callerOf(client: Client, held: Held): TestCaller {
  const { subject, session, gate, origin, holder } = client
  const { accessToken, refreshToken, cookies } = held
  const tokenType = holder === undefined ? 'Bearer' : 'DPoP'
  const plain: Headers = {
    ...client.identity,
    ...(Object.keys(cookies).length === 0 ? {} : { cookie: cookieHeader(cookies) }),
  }
  const headers: Headers = { ...plain, authorization: `${tokenType} ${accessToken}` }

  async function proven(method: string, url: URL, bearing: boolean): Promise<Headers> {
    const sent = bearing ? headers : plain
    if (holder === undefined) return sent
    const nonce = client.needsNonce ? await nonceFor(client, { method, url, headers }) : undefined
    const beside = bearing ? accessToken : undefined
    return { ...sent, dpop: await holder.proof({ method, url, nonce, accessToken: beside }) }
  }

  async function refresh(key: string | undefined): Promise<TestCaller> {
    const [name, path] =
      refreshToken === undefined ? (['refresh', '/refresh'] as const) : (['token', '/token'] as const)
    const url = new URL(path, client.provenOrigin)
    const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken ?? '' })
    const sent = {
      ...(await proven('POST', url, false)),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...(refreshToken === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    }
    const body = refreshToken === undefined ? '' : form.toString()
    const route = gate.routes([name]).find((one) => one.path === path)
    if (route === undefined) throw new RangeError(`the library has no route ${path}`)
    const answer = await route.handle(viewOf({ method: 'POST', url, headers: sent, body }))
    return callerOf(client, heldAfter('the refresh', answer, held))
  }

  return {
    ...{ subject, session, accessToken, tokenType, refreshToken, cookies, headers },
    async headersFor(method, url) {
      const isPath = url.startsWith('/')
      const absolute = isPath ? new URL(url, client.provenOrigin) : new URL(url)
      const sent = await proven(method, absolute, true)
      return holder !== undefined && isPath ? { ...sent, host: absolute.host } : sent
    },
    refresh,
    async stepUp(stepUp) {
      const url = new URL('/step-up', holder === undefined ? origin : client.provenOrigin)
      const view = viewOf({ method: 'POST', url, headers: await proven('POST', url, true) })
      const decision = await gate.verifier({})(view)
      if (decision.kind === 'refuse') throw refusedBy('the step-up', decision.answer)
      if (decision.kind === 'guest') throw new RangeError('the step-up needs an access token')
      const answer = await gate.stepUp(view, decision.auth, stepUp)
      return callerOf(client, heldAfter('the step-up', answer, held))
    },
    after(answer) {
      const body = typeof answer.body === 'string' ? jsonIn(answer.body) : answer.body
      const taken: Body = typeof body === 'object' && body !== null ? body : {}
      return callerOf(client, {
        accessToken: taken.access_token ?? accessToken,
        refreshToken: taken.refresh_token ?? refreshToken,
        cookies: afterSetCookies(cookies, setCookiesIn(answer.headers)),
      })
    },
  }
}

/** Throws an `AnswerError` for a refusal. */
export function heldAfter(step: string, answer: Answer, before?: Held): Held {
  if (answer.status !== 200) throw refusedBy(step, answer)
  const { access_token = '', refresh_token } = bodyOf(answer)
  return {
    accessToken: access_token,
    refreshToken: refresh_token ?? before?.refreshToken,
    cookies: afterSetCookies(before?.cookies ?? {}, answer.cookies),
  }
}

const refusedBy = (step: string, answer: Answer): AnswerError =>
  new AnswerError(step, answer.status, bodyOf(answer))

/** A client learns its nonce from a request without one, which uses nothing up. */
async function nonceFor(
  { gate, holder }: Client,
  { method, url, headers }: { readonly method: string; readonly url: URL; readonly headers: Headers },
): Promise<string | undefined> {
  if (holder === undefined) return undefined
  const accessToken = headers.authorization?.slice('DPoP '.length)
  const dpop = await holder.proof({ method, url, accessToken })
  const decision = await gate.verifier({})(viewOf({ method, url, headers: { ...headers, dpop } }))
  return decision.kind === 'refuse' ? fieldOf(decision.answer, 'dpop-nonce') : undefined
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function setCookiesIn(headers: object): readonly string[] {
  const found: unknown =
    headers instanceof globalThis.Headers ? headers.getSetCookie() : Reflect.get(headers, 'set-cookie')
  const values: readonly unknown[] = Array.isArray(found) ? found : [found]
  return values.filter((value) => typeof value === 'string')
}
