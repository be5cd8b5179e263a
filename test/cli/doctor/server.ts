import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { ServerCertificate } from '../../support/certificate.ts'
import { ISSUER } from './clinic.ts'

export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string
}

export interface Request {
  readonly route: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** Changes what a good server replies; `hang` never replies. */
export type Fault = (request: Request, good: Reply) => Reply | 'hang' | undefined

export interface Served {
  readonly url: string
  close(): Promise<void>
}

/**
 * A server that answers as a good deployment does, apart from one fault.
 *
 * @param certificate for `localhost`, to serve https
 */
export async function serve(jwks: object, fault: Fault, certificate?: ServerCertificate): Promise<Served> {
  const answer: RequestListener = (req, res) => {
    const request = { route: `${req.method} ${req.url}`, headers: req.headers }
    const good = goodReply(jwks, request)
    const reply = fault(request, good) ?? good
    if (reply === 'hang') return
    const headers = { ...SECURE, ...good.headers, ...reply.headers }
    res.writeHead(reply.status ?? good.status ?? 200, headers as Record<string, string | string[]>)
    res.end(reply.body ?? good.body ?? '')
  }
  const server = certificate === undefined ? createServer(answer) : createTlsServer(certificate, answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: certificate === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const SECURE = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

function goodReply(jwks: object, { route, headers }: Request): Reply {
  switch (route) {
    case 'GET /.well-known/jwks.json':
      return { headers: { 'cache-control': 'public, max-age=300' }, body: JSON.stringify(jwks) }
    case 'GET /.well-known/oauth-authorization-server':
      return { body: JSON.stringify({ issuer: ISSUER, jwks_uri: `${ISSUER}/.well-known/jwks.json` }) }
    case 'POST /auth/refresh':
      return {
        status: headers['sec-fetch-site'] === 'cross-site' ? 403 : 401,
        headers: { 'cache-control': 'no-store' },
        body: '{"error":"invalid_grant"}',
      }
    case 'GET /auth/refresh':
      return { status: 405, headers: { 'cache-control': 'no-store' } }
    case 'GET /api/me':
      return { status: 401 }
    default:
      return { status: 404 }
  }
}
