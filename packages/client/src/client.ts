import { refusalOf } from './challenge.ts'
import { ClientError, explained } from './errors.ts'
import { checkOptions } from './option-checks.ts'
import type { Client, ClientChange, ClientOptions, StepUpChallenge } from './options.ts'
import { createSession, type Session } from './session.ts'
import { unlessAborted } from './system.ts'
import { tokenIn } from './tokens.ts'

/**
 * Makes the client of a page. One for each page is enough.
 *
 * Throws a `TypeError` for an unknown option, for a wrong value of one, and if `authUrl` or one of `origins` is no URL. Outside of
 * browsers, `authUrl` must be an absolute one.
 */
export function createClient(options: ClientOptions = {}): Client {
  const { authUrl = '/auth', origins = [], storage, stepUp, dpop, ...others } = options
  const { deviceSignals, handedOver = {}, timeoutMs = 10_000, fetch: given, ...unknown } = others
  const [name] = Object.keys(unknown)
  if (name !== undefined) throw new TypeError(`unknown option "${name}"`)
  checkOptions(options)
  const auth = new URL(authUrl.replace(/\/?$/, '/'), globalThis.location?.href)
  const trusted = new Set([
    globalThis.location?.origin,
    auth.origin,
    ...origins.map((one) => new URL(one).origin),
  ])
  const send: typeof fetch = (...request) => (given ?? fetch)(...request)
  /** To a server of ours: with a proof, if tokens are bound to a key. */
  const sendOwn: typeof fetch = (...request) => dpop?.send(new Request(...request), send) ?? send(...request)
  const listeners = new Set<(change: ClientChange) => void>()
  /** Origins that have refused a token that was quite new, and that token. */
  const refusedNew = new Map<string, string>()
  let steppingUp: Promise<boolean> | undefined

  const credentials = storage === undefined ? 'include' : 'omit'

  const reached = (answer: Promise<Response>): Promise<Response> =>
    explained(answer, 'the server cannot be reached')

  function post(path: string, init: RequestInit): Promise<Response> {
    const signal = AbortSignal.timeout(timeoutMs)
    const limits = { cache: 'no-store', redirect: 'error', signal } as const
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
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken })
    return post('token', { headers, body })
  }

  async function askStepUp(challenge: StepUpChallenge): Promise<boolean> {
    // Several requests at once are one question to the user.
    steppingUp ??= stepUp?.(challenge).finally(() => {
      steppingUp = undefined
    })
    return (await steppingUp) ?? false
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
    if (typeof refusal === 'object') return (await askStepUp(refusal)) ? session.credentials() : undefined
    // Another one would be refused as well, such as for its audience.
    return refusal === 'other' || refusedNew.get(origin) === used ? undefined : session.renew(used)
  }

  const wake = ({ persisted }: PageTransitionEvent): void => {
    // What cannot be found out now is found out by the next request.
    if (persisted) session.wake().catch(() => {})
  }
  const closing = new AbortController()
  globalThis.addEventListener?.('pageshow', wake, closing)
  globalThis.addEventListener?.('pagehide', session.rest, closing)

  async function call(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init)
    const { origin } = new URL(request.url)
    const { signal } = request
    if (signal.aborted || !trusted.has(origin) || request.headers.has('Authorization')) return send(request)
    const credentials = await unlessAborted(signal, session.credentials())
    if (credentials === undefined) return send(request)
    const again = init?.body instanceof ReadableStream ? undefined : request.clone()
    const answer = await sendOwn(authorized(request, credentials))
    if (answer.status !== 401) return answer
    const other = await unlessAborted(signal, credentialsAfter(answer, credentials, origin))
    if (other === undefined || other === credentials || again === undefined) return answer
    const second = await sendOwn(authorized(again, other))
    if (second.status === 401 && refusalOf(second) === 'token') refusedNew.set(origin, other)
    return second
  }

  /** With the scheme in which a token is sent, if the caller has named it as a bearer token. */
  function sendSignIn(request: Request, credentials: string | undefined): Promise<Response> {
    const isKnown = request.headers.get('Authorization') === `Bearer ${tokenIn(credentials)}`
    if (credentials && isKnown) authorized(request, credentials)
    withSignals(request.headers)
    return dpop?.signIn(request, send) ?? send(request)
  }

  async function endSession(): Promise<Response> {
    // Without a cookie, only the token says which session is to end.
    const asking = storage && session.credentials()
    await asking?.catch(() => {})
    const credentials = (await session.leave()) ?? (await asking)
    const logout = (headers = {}): Promise<Response> => post('logout', { keepalive: true, headers })
    const answer = await logout(credentials && { Authorization: credentials })
    // The cookie may be that of somebody who signed in without the client.
    return answer.status === 400 && storage === undefined ? logout() : answer
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
    async signOut({ everywhere } = {}) {
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
      closing.abort()
      listeners.clear()
      session.rest()
    },
  }
}

function authorized(request: Request, credentials: string): Request {
  request.headers.set('Authorization', credentials)
  return request
}
