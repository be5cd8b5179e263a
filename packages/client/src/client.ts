import { type Refusal, refusalOf } from './challenge.ts'
import { ClientError } from './errors.ts'
import type { Client, ClientChange, ClientOptions } from './options.ts'
import { createSession, type Session } from './session.ts'

/**
 * Makes the client of a page. One for each page is enough.
 *
 * Throws a `TypeError` if `authUrl` or one of `origins` is no URL; outside of browsers, `authUrl` must be an absolute one.
 */
export function createClient(options: ClientOptions = {}): Client {
  const { authUrl = '/auth', origins = [], storage, timeoutMs = 10_000 } = options
  const base = globalThis.location?.href
  const auth = new URL(authUrl.endsWith('/') ? authUrl : `${authUrl}/`, base)
  const own = globalThis.location?.origin ?? auth.origin
  const trusted = new Set([own, ...origins.map((one) => new URL(one).origin)])
  const send: typeof fetch = (...request) => (options.fetch ?? fetch)(...request)
  const listeners = new Set<(change: ClientChange) => void>()
  /** Origins that have refused a token that was quite new, and that token. */
  const refusedNew = new Map<string, string>()
  let steppingUp: Promise<boolean> | undefined

  const credentials = storage !== undefined ? 'omit' : auth.origin === own ? 'same-origin' : 'include'

  async function post(
    path: string,
    headers: Record<string, string>,
    body?: URLSearchParams,
  ): Promise<Response> {
    try {
      return await send(new URL(path, auth), {
        ...{ method: 'POST', headers, credentials, ...(body && { body }) },
        ...{ cache: 'no-store', redirect: 'error', keepalive: true, signal: AbortSignal.timeout(timeoutMs) },
      })
    } catch (cause) {
      throw new ClientError('the server cannot be reached', { cause })
    }
  }

  function refresh(key: string, refreshToken: string | undefined): Promise<Response> {
    const headers = { 'Idempotency-Key': key }
    if (refreshToken === undefined) return post('refresh', headers)
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken }
    return post('token', headers, new URLSearchParams(form))
  }

  function stepUp(refusal: Refusal): Promise<boolean> {
    if (refusal.kind !== 'step_up' || options.stepUp === undefined) return Promise.resolve(false)
    // Several requests at once are one question to the user.
    steppingUp ??= options.stepUp(refusal.challenge).finally(() => {
      steppingUp = undefined
    })
    return steppingUp
  }

  const session: Session = createSession({
    ...{ refresh, storage, timeoutMs, stepUp, name: `sallyport ${auth.href}` },
    changed(change) {
      for (const listener of listeners) listener(change)
    },
  })

  /** The token with which to repeat a request that was answered 401; `undefined`: there is none. */
  async function tokenAfter(answer: Response, used: string, origin: string): Promise<string | undefined> {
    const refusal = refusalOf(answer)
    switch (refusal.kind) {
      case 'token':
        // Another one would be refused as well, such as for its audience.
        if (refusedNew.get(origin) === used) return undefined
        return session.renew(used).catch(() => undefined)
      case 'step_up':
        return (await stepUp(refusal)) ? session.token() : undefined
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

  return {
    get state() {
      return session.state
    },
    token: session.token,
    accept: session.accept,
    signIn: session.signIn,
    async fetch(input, init) {
      const request = new Request(input, init)
      const { origin } = new URL(request.url)
      if (!trusted.has(origin) || request.headers.has('Authorization')) return send(request)
      const token = await session.token()
      if (token === undefined) return send(request)
      const again = init?.body instanceof ReadableStream ? undefined : request.clone()
      const answer = await send(authorized(request, token))
      if (answer.status !== 401) return answer
      const other = await tokenAfter(answer, token, origin)
      if (other === undefined || other === token || again === undefined) return answer
      const second = await send(authorized(again, other))
      if (second.status === 401 && refusalOf(second).kind === 'token') refusedNew.set(origin, other)
      return second
    },
    async signOut({ everywhere = false } = {}) {
      // Without a cookie, only the token says which session is to end.
      const needsToken = everywhere || storage !== undefined
      const [asked] = await Promise.allSettled([needsToken ? session.token() : undefined])
      const left = await session.leave()
      const token = asked.status === 'fulfilled' ? (asked.value ?? left) : left
      if (token === undefined && asked.status === 'rejected') throw asked.reason
      const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` }
      const { ok, status } = await post(everywhere ? 'logout-all' : 'logout', headers)
      if (!ok) throw new ClientError(`the sign-out was answered ${status}`, { status })
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

function authorized(request: Request, token: string): Request {
  request.headers.set('Authorization', `Bearer ${token}`)
  return request
}
