import type { KeyObject } from 'node:crypto'
import { type JWTHeaderParameters, SignJWT } from 'jose'
import { keyPair } from '../../support/key-pair.ts'
import { type Fields, type Reply, type Send, send } from '../client.ts'

export const REGISTRATION = '/auth/dbsc/registration'
export const PROVING = '/auth/dbsc/refresh'
const REFRESH = '/auth/refresh'
export const BOUND_COOKIE = '__Host-bound'

export interface BrowserKey {
  readonly alg: string
  readonly jwk: object
  readonly privateKey: KeyObject
}

export function browserKey(alg: 'ES256' | 'RS256' = 'ES256', rsaBits = 2048): BrowserKey {
  const { publicKey, privateKey } =
    alg === 'ES256' ? keyPair('ec', { namedCurve: 'P-256' }) : keyPair('rsa', { modulusLength: rsaBits })
  return { alg, jwk: publicKey.export({ format: 'jwk' }), privateKey }
}

/** A proof as Chromium makes it, unless something is changed. */
export function proofBy(
  { alg, privateKey }: BrowserKey,
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const all: JWTHeaderParameters = { alg, typ: 'dbsc+jwt', ...header }
  return new SignJWT(claims).setProtectedHeader(all).sign(privateKey)
}

const SAME_ORIGIN: Fields = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'no-cors' }

/** A browser that keeps cookies and a key, and asks only what it is told to. */
export class Browser {
  readonly key: BrowserKey
  readonly cookies: Map<string, string>
  readonly #url: string

  constructor(url: string, key: BrowserKey = browserKey(), cookies = new Map<string, string>()) {
    this.#url = url
    this.key = key
    this.cookies = cookies
  }

  /** A browser elsewhere with a copy of all cookies, and another key. */
  stolen(): Browser {
    return new Browser(this.#url, browserKey(), new Map(this.cookies))
  }

  async send({ headers, ...rest }: Send): Promise<Reply> {
    const cookie = [...this.cookies].map((pair) => pair.join('=')).join('; ')
    const own: Fields = cookie === '' ? SAME_ORIGIN : { ...SAME_ORIGIN, cookie }
    const reply = await send(this.#url, { method: 'POST', ...rest, headers: { ...own, ...headers } })
    for (const line of reply.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/Max-Age=0/.test(line)) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return reply
  }

  /** Signs in, and gives the challenge of the registration. */
  async signIn(path = '/sign-in', headers: Fields = {}): Promise<string> {
    const reply = await this.send({ path, headers })
    return challengeIn(reply)
  }

  async register(challenge: string, { key = this.key, headers = {} as Fields } = {}): Promise<Reply> {
    const proof = await proofBy(key, { jti: challenge }, { jwk: key.jwk })
    return this.send({ path: REGISTRATION, headers: { 'secure-session-response': proof, ...headers } })
  }

  /** Signs in and registers. */
  async begin(): Promise<Reply> {
    return this.register(await this.signIn())
  }

  refresh(headers: Fields = {}): Promise<Reply> {
    return this.send({ path: REFRESH, headers })
  }

  /** Asks for a challenge, and sends the proof. */
  async prove(session: string, key: BrowserKey = this.key): Promise<Reply> {
    const asked = await this.send({ path: PROVING, headers: { 'sec-secure-session-id': session } })
    const challenge = /^"([^"]+)";id="([^"]+)"$/.exec(asked.headers['secure-session-challenge']?.[0] ?? '')
    if (challenge === null) return asked
    return this.answer(session, await proofBy(key, { jti: challenge[1] }))
  }

  answer(session: string, proof: string): Promise<Reply> {
    const headers = { 'sec-secure-session-id': session, 'secure-session-response': proof }
    return this.send({ path: PROVING, headers })
  }
}

/** The challenge of a registration that an answer asks for; empty if it asks for none. */
export function challengeIn({ headers }: Reply): string {
  const [offer = ''] = headers['secure-session-registration'] ?? []
  return /^\(ES256 RS256\);path="\/auth\/dbsc\/registration";challenge="([^"]+)"$/.exec(offer)?.[1] ?? ''
}
