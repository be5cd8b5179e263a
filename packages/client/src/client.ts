import { type Refusal, refusalOf } from './challenge.ts'
import { ClientError } from './errors.ts'
import type { Client, ClientChange, ClientOptions } from './options.ts'
import { createSession, type Session } from './session.ts'
import { tokenIn } from './tokens.ts'

/**
 * Makes the client of a page. One for each page is enough.
 *
 * Throws a `TypeError` for an unknown option, and if `authUrl` or one of `origins` is no URL. Outside of browsers, `authUrl`
 * must be an absolute one.
 */
export function createClient(options: ClientOptions = {}): Client {
  const { authUrl = '/auth', origins = [], storage, stepUp, dpop, ...others } = options
  const { deviceSignals, handedOver = {}, timeoutMs = 10_000, fetch: given, ...unknown } = others
  const [name] = Object.keys(unknown)
  if (name !== undefined) throw new TypeError(`unknown option "${name}"`)
  const base = globalThis.location?.href
  const auth = new URL(authUrl.endsWith('/') ? authUrl : `${authUrl}/`, base)
  const own = globalThis.location?.origin ?? auth.origin
  const trusted = new Set([own, auth.origin, ...origins.map((one) => new URL(one).origin)])
  const send: typeof fetch = (...request) => (given ?? fetch)(...request)
  /** To a server of ours: with a proof, if tokens are bound to a key. */
  const sendOwn: typeof fetch = (...request) =>
    dpop === undefined ? send(...request) : dpop.send(new Request(...request), send)
  const listeners = new Set<(change: ClientChange) => void>()
  /** Origins that have refused a token that was quite new, and that token. */
  const refusedNew = new Map<string, string>()
  let steppingUp: Promise<boolean> | undefined

  const credentials = storage !== undefined ? 'omit' : auth.origin === own ? 'same-origin' : 'include'

  async function reached(answer: Promise<Response>): Promise<Response> {
    try {
      return await answer
    } catch (cause) {
      throw cause instanceof ClientError ? cause : new ClientError('the server cannot be reached', { cause })
    }
  }

  function post(path: string, init: RequestInit): Promise<Response> {
    const limits = { cache: 'no-store', redirect: 'error', signal: AbortSignal.timeout(timeoutMs) } as const
    return reached(sendOwn(new URL(path, auth), { method: 'POST', credentials, ...limits, ...init }))
  }

  function withSignals(headers: Headers): Headers {
    const told = deviceSignals?.()
    if (told) headers.set('Device-Signals', told)
    return headers
  }

  /** It ends with its page: a late answer would put an old cookie over that of a sign-in in another tab. */
  function refresh(key: string, refreshToken: string | undefined): Promise<Response> {
    const headers = withSignals(new Headers({ 'Idempotency-Key': key }))
    if (refreshToken === undefined) return post('refresh', { headers })
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken }
    return post('token', { headers, body: new URLSearchParams(form) })
  }

  function askStepUp(refusal: Refusal): Promise<boolean> {
    if (refusal.kind !== 'step_up' || stepUp === undefined) return Promise.resolve(false)
    // Several requests at once are one question to the user.
    steppingUp ??= stepUp(refusal.challenge).finally(() => {
      steppingUp = undefined
    })
    return steppingUp
  }

  const session: Session = createSession({
    ...{
      refresh,
      storage,
      timeoutMs,
      handedOver,
      stepUp: askStepUp,
      forget: () => dpop?.forget(),
      name: `sallyport ${auth.href}`,
    },
    changed(change) {
      for (const listener of listeners) listener(change)
    },
  })

  /** The credentials with which to repeat a request that was answered 401; `undefined`: there are none. */
  async function credentialsAfter(
    answer: Response,
    used: string,
    origin: string,
  ): Promise<string | undefined> {
    const refusal = refusalOf(answer)
    switch (refusal.kind) {
      case 'token':
        // Another one would be refused as well, such as for its audience.
        if (refusedNew.get(origin) === used) return undefined
        return session.renew(used)
      case 'step_up':
        return (await askStepUp(refusal)) ? session.credentials() : undefined
      case 'other':
        return undefined
    }
  }

  const wake = ({ persisted }: PageTransitionEvent): void => {
    // What cannot be found out now is found out by the next request.
    if (persisted) session.wake().catch(() => {})
  }
  const rest = (): void => session.rest()
  globalThis.addEventListener?.('pageshow', wake)
  globalThis.addEventListener?.('pagehide', rest)

  async function call(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init)
    const { origin } = new URL(request.url)
    if (!trusted.has(origin) || request.headers.has('Authorization')) return send(request)
    const credentials = await session.credentials()
    if (credentials === undefined) return send(request)
    const again = init?.body instanceof ReadableStream ? undefined : request.clone()
    const answer = await sendOwn(authorized(request, credentials))
    if (answer.status !== 401) return answer
    const other = await credentialsAfter(answer, credentials, origin)
    if (other === undefined || other === credentials || again === undefined) return answer
    const second = await sendOwn(authorized(again, other))
    if (second.status === 401 && refusalOf(second).kind === 'token') refusedNew.set(origin, other)
    return second
  }

  /** With the scheme in which a token is sent, if the caller has named it as a bearer token. */
  function sendSignIn(request: Request, credentials: string | undefined): Promise<Response> {
    const isKnown = request.headers.get('Authorization') === `Bearer ${tokenIn(credentials)}`
    if (credentials !== undefined && isKnown) authorized(request, credentials)
    withSignals(request.headers)
    return dpop === undefined ? send(request) : dpop.signIn(request, send)
  }

  async function endSession(): Promise<Response> {
    // Without a cookie, only the token says which session is to end.
    const [asked] = await Promise.allSettled([storage === undefined ? undefined : session.credentials()])
    const left = await session.leave()
    const credentials = asked.status === 'fulfilled' ? (asked.value ?? left) : left
    if (credentials === undefined && asked.status === 'rejected') throw asked.reason
    return post('logout', {
      keepalive: true,
      headers: credentials === undefined ? {} : { Authorization: credentials },
    })
  }

  /** The token must be good for this, so nobody is signed out here before the server has answered. */
  async function endAllSessions(): Promise<Response> {
    try {
      const signal = AbortSignal.timeout(timeoutMs)
      return await reached(call(new URL('logout-all', auth), { method: 'POST', credentials, signal }))
    } finally {
      await session.leave()
    }
  }

  return {
    get state() {
      return session.state
    },
    accept: session.accept,
    fetch: call,
    token: async () => tokenIn(await session.credentials()),
    signIn: (step) =>
      session.signIn((known) =>
        step(tokenIn(known), (...request) => sendSignIn(new Request(...request), known)),
      ),
    async signOut({ everywhere = false } = {}) {
      try {
        const { ok, status } = await (everywhere ? endAllSessions() : endSession())
        if (!ok) throw new ClientError(`the sign-out was answered ${status}`, { status })
      } finally {
        // If another tab is in the way, the next sign-in replaces it.
        if (dpop !== undefined) await session.forget().catch(() => {})
      }
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close() {
      globalThis.removeEventListener?.('pageshow', wake)
      globalThis.removeEventListener?.('pagehide', rest)
      listeners.clear()
      session.rest()
    },
  }
}

function authorized(request: Request, credentials: string): Request {
  request.headers.set('Authorization', credentials)
  return request
}
