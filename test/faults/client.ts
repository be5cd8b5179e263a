import { Agent, type IncomingHttpHeaders, request } from 'node:http'

export const PASSWORD = 'correct horse battery staple'
const USER_AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const COOKIE = '__Host-refresh'

/** What a server answered. */
export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** Value of the refresh cookie that was set; empty where it was cleared, absent where it was left alone. */
  readonly cookie: string | undefined
  /** When the request was sent and its answer complete, in milliseconds of `performance.now()`. */
  readonly sentAt: number
  readonly answeredAt: number
}

export interface Call {
  readonly cookie?: string
  readonly access?: string
  readonly json?: object
  readonly form?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}

/** A browser, as one server sees it: connections are kept, nothing else is. */
export interface Client {
  readonly url: string
  call(method: string, path: string, call?: Call): Promise<Reply>
  login(username: string, headers?: Readonly<Record<string, string>>): Promise<Reply>
  refresh(cookie: string, headers?: Readonly<Record<string, string>>): Promise<Reply>
  logout(call: Call): Promise<Reply>
  /** Asks for `/api/me` with an access token. */
  me(access: string): Promise<Reply>
}

const MAX_SOCKETS = 64
/** Less than the servers', so that no request meets a connection that is just being closed. */
const IDLE_MILLISECONDS = 3000

export function createClient(url: string): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, timeout: IDLE_MILLISECONDS })
  const call: Client['call'] = (method, path, given = {}) => send(agent, method, new URL(path, url), given)
  return {
    url,
    call,
    login: (username, headers = {}) =>
      call('POST', '/auth/login', { json: { username, password: PASSWORD }, headers }),
    refresh: (cookie, headers = {}) => call('POST', '/auth/refresh', { cookie, headers }),
    logout: (given) => call('POST', '/auth/logout', given),
    me: (access) => call('GET', '/api/me', { access }),
  }
}

/** The access token of a 200; throws for any other answer. */
export function accessOf(reply: Reply): string {
  const { access_token: token } = bodyOf(reply)
  if (reply.status !== 200 || typeof token !== 'string') throw new Error(`no access token: ${summary(reply)}`)
  return token
}

/** The refresh cookie that an answer set; throws where it set none. */
export function cookieOf(reply: Reply): string {
  if (!reply.cookie) throw new Error(`no refresh cookie: ${summary(reply)}`)
  return reply.cookie
}

export function bodyOf(reply: Reply): Readonly<Record<string, unknown>> {
  const body: unknown = JSON.parse(reply.text)
  return typeof body === 'object' && body !== null ? { ...body } : {}
}

export interface AccessClaims {
  readonly sub: string
  readonly sid: string
  readonly jti: string
  readonly exp: number
}

/** What an access token says, unverified. */
export function claimsOf(access: string): AccessClaims {
  return JSON.parse(Buffer.from(access.split('.')[1] ?? '', 'base64url').toString())
}

function summary({ status, text }: Reply): string {
  return `${status} ${text.slice(0, 200)}`
}

function send(agent: Agent, method: string, url: URL, call: Call): Promise<Reply> {
  const { body, headers } = encode(call)
  return new Promise((resolve, reject) => {
    const sentAt = performance.now()
    const sent = request(url, { agent, method, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
          cookie: cookieIn(response.headers['set-cookie'] ?? []),
          sentAt,
          answeredAt: performance.now(),
        })
      })
    })
    sent.once('error', reject)
    sent.end(body)
  })
}

function encode({ cookie, access, json, form, headers = {} }: Call): {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
} {
  const body = json !== undefined ? JSON.stringify(json) : form ? new URLSearchParams(form).toString() : ''
  return {
    body,
    headers: {
      'User-Agent': USER_AGENT,
      'Content-Length': String(Buffer.byteLength(body)),
      ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(form === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' }),
      ...(cookie === undefined ? {} : { Cookie: `${COOKIE}=${cookie}` }),
      ...(access === undefined ? {} : { Authorization: `Bearer ${access}` }),
      ...headers,
    },
  }
}

function cookieIn(lines: readonly string[]): string | undefined {
  const line = lines.find((one) => one.startsWith(`${COOKIE}=`))
  return line?.slice(COOKIE.length + 1).split(';', 1)[0]
}
