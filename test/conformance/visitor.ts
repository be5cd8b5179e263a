import { decodeJwt } from 'jose'
import type { Host } from '../support/hosts.ts'
import { type Fields, type Reply, type Send, type SendBytes, send, sendBytes } from './client.ts'
import { expectDescribed } from './described.ts'
import { cookieOf, type Expected, expectManners, expectReply, jsonOf } from './expectations.ts'
import { Masks } from './mask.ts'

export const PASSWORD = 'correct horse battery staple'

const agent = (system: string, browser: string): string =>
  `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) ${browser} Safari/537.36`
/** User-Agents of browsers. */
export const agents = {
  chrome125: agent('X11; Linux x86_64', 'Chrome/125.0.0.0'),
  chrome126: agent('X11; Linux x86_64', 'Chrome/126.0.0.0'),
  chrome127: agent('X11; Linux x86_64', 'Chrome/127.0.0.0'),
  chromeOnWindows: agent('Windows NT 10.0; Win64; x64', 'Chrome/126.0.0.0'),
  chromeOnAndroid: agent('Linux; Android 14; Pixel 8', 'Chrome/126.0.0.0 Mobile'),
  edge: `${agent('X11; Linux x86_64', 'Chrome/126.0.0.0')} Edg/126.0.0.0`,
  firefox: 'Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0',
} as const

/** What somebody who signed in holds. */
export interface SignedIn {
  readonly token: string
  /** In the cookie, or for native apps in their own keeping. */
  readonly refresh: string
  readonly sid: string
  readonly sub: string
}

/** Somebody who calls one host, and what they were answered. */
export class Visitor {
  readonly host: Host
  /** User names that nobody else uses here. */
  readonly user: string
  readonly other: string
  readonly transcript: Reply[] = []
  readonly #masks = new Masks()

  constructor(host: Host, number: number) {
    this.host = host
    this.user = `user${number}`
    this.other = `user${50_000 + number}`
  }

  /** Sends a request, checks what holds for every reply, and keeps the reply for comparison. */
  async send(request: Send | SendBytes): Promise<Reply> {
    const [reply] = await this.sendAll([request])
    if (reply === undefined) throw new RangeError('one request has one reply')
    return reply
  }

  /** Sends requests all at once. */
  async sendAll(requests: readonly (Send | SendBytes)[]): Promise<Reply[]> {
    const replies = await Promise.all(requests.map((request) => this.#carry(request)))
    for (const [index, reply] of replies.entries()) {
      this.transcript.push(this.#masks.reply(reply))
      expectManners(pathOf(requests[index]), reply)
      await expectDescribed(this.host, requests[index], reply)
    }
    return replies
  }

  /** Sends requests all at once whose replies depend on who is first, so that they can't be compared. */
  race(requests: readonly Send[]): Promise<Reply[]> {
    return Promise.all(requests.map((request) => this.#carry(request)))
  }

  async expect(request: Send | SendBytes, expected: Expected): Promise<Reply> {
    const reply = await this.send(request)
    expectReply(reply, expected)
    return reply
  }

  /** Sends a request until its reply has this status, for a few seconds; only the last reply is kept. */
  async until(status: number, request: Send): Promise<Reply> {
    const deadline = Date.now() + 5000
    let reply = await this.#carry(request)
    while (reply.status !== status && Date.now() < deadline) {
      await pause()
      reply = await this.#carry(request)
    }
    this.transcript.push(this.#masks.reply(reply))
    return reply
  }

  async signIn(user: string = this.user, headers: Fields = {}): Promise<SignedIn> {
    const body = await this.expect(login(user, PASSWORD, headers), { status: 200 })
    return signedIn(body)
  }

  me(token: string): Promise<Reply> {
    return this.send({ path: '/api/me', headers: bearer(token) })
  }

  refresh(token: string, headers: Fields = {}): Promise<Reply> {
    return this.send(refreshBy(token, headers))
  }

  /** Of a native app. */
  exchange(token: string, more: Readonly<Record<string, string>> = {}, headers: Fields = {}): Promise<Reply> {
    return this.send(exchangeBy(token, more, headers))
  }

  /** A session that nothing happened to. */
  async expectAlive({ token, refresh }: SignedIn): Promise<void> {
    expectReply(await this.me(token), { status: 200 })
    expectReply(await this.refresh(refresh), { status: 200, cookie: 'set' })
  }

  /** A session that ended, with its access tokens. */
  async expectEnded({ token, refresh }: SignedIn): Promise<void> {
    expectReply(await this.me(token), { status: 401, error: 'invalid_token' })
    expectReply(await this.refresh(refresh), { status: 401, error: 'invalid_grant', cookie: 'kept' })
  }

  #carry(request: Send | SendBytes): Promise<Reply> {
    if ('bytes' in request) return sendBytes(this.host.url, request.bytes)
    const headers = { 'user-agent': agents.chrome126, ...request.headers }
    return send(this.host.url, { ...request, headers })
  }
}

function pathOf(request: Send | SendBytes | undefined): string {
  return request !== undefined && 'path' in request ? request.path : ''
}

export function bearer(token: string): Fields {
  return { authorization: `Bearer ${token}` }
}

/** As which client a request is sent. */
export function basic(id: string, secret: string): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` }
}

export function json(value: unknown): { readonly headers: Fields; readonly body: string } {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}

export function form(fields: Readonly<Record<string, string>>): {
  readonly headers: Fields
  readonly body: string
} {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return { headers, body: new URLSearchParams(fields).toString() }
}

export function login(username: string, password: string, headers: Fields = {}): Send {
  const { headers: type, body } = json({ username, password })
  return { method: 'POST', path: '/auth/login', headers: { ...type, ...headers }, body }
}

export function refreshBy(token: string, headers: Fields = {}): Send {
  return { method: 'POST', path: '/auth/refresh', headers: { cookie: `__Host-refresh=${token}`, ...headers } }
}

export function exchangeBy(
  token: string,
  more: Readonly<Record<string, string>> = {},
  headers: Fields = {},
): Send {
  const { headers: type, body } = form({ grant_type: 'refresh_token', refresh_token: token, ...more })
  return { method: 'POST', path: '/auth/token', headers: { ...type, ...headers }, body }
}

/** What a successful reply handed out, in whichever transport. */
export function signedIn(reply: Reply): SignedIn {
  const body = jsonOf(reply)
  const token = String(body.access_token)
  const refresh = typeof body.refresh_token === 'string' ? body.refresh_token : cookieOf(reply)
  const { sid, sub } = decodeJwt(token)
  return { token, refresh, sid: String(sid), sub: String(sub) }
}

/** Until the clock shows another millisecond. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5))
}
