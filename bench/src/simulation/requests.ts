import type { Answer, Gate, RequestView, Route } from '@sallyport/core/adapter'

/** Who sends a request, with headers of its own. */
export interface From {
  readonly ip: string
  readonly userAgent: string
  readonly headers: Readonly<Record<string, string>>
}

export function viewFrom({ ip, userAgent, headers: own }: From, method: 'GET' | 'POST'): RequestView {
  const headers = { host: 'api.example.com', 'user-agent': userAgent, ...own }
  return {
    method,
    target: '/',
    headers,
    rawHeaders: Object.entries(headers).flat(),
    ip,
    peer: { address: ip, certificate: undefined },
    host: headers.host,
    secure: true,
    body: { kind: 'parsed', value: undefined },
    params: {},
  }
}

/** The headers by which a browser shows its refresh token. */
export function tokenHeadersOf(sent: {
  readonly cookie?: string | undefined
  readonly key?: string | undefined
}): Record<string, string> {
  const { cookie, key } = sent
  return {
    ...(cookie !== undefined && { cookie }),
    ...(key !== undefined && { 'idempotency-key': key }),
  }
}

export function refreshRouteOf(gate: Gate): Route {
  const route = gate.routes(['refresh']).find(({ path }) => path === '/refresh')
  if (route === undefined) throw new Error('there is no route /refresh')
  return route
}

/** The tokens that a sign-in or a refresh was answered with. */
export function tokensIn({ status, cookies: [cookie], body }: Answer): {
  readonly cookie: string
  readonly accessToken: string
} {
  const pair = pairIn(cookie)
  if (status !== 200 || pair === undefined || typeof body !== 'string')
    throw new Error(`answered ${status}: ${body}`)
  const { access_token: accessToken } = JSON.parse(body) as { access_token: string }
  return { cookie: pair, accessToken }
}

/** A `Set-Cookie`, as the header `Cookie` will have it. */
export function pairIn(setCookie: string | undefined): string | undefined {
  return setCookie?.split(';')[0]
}
