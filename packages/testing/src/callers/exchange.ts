import { SallyportError } from '@sallyport/core'
import type { Answer, RequestView } from '@sallyport/core/adapter'
import { parseSetCookie, type SetCookie } from 'cookie'
import { now } from '../system.ts'

/** A request that a caller sends to the library itself, without an application in between. */
export interface Sent {
  readonly method: string
  readonly url: URL
  readonly headers: Headers
  readonly body?: string
}

/** Header fields by their names in lower case. */
export type Headers = Readonly<Record<string, string>>
/** The values of cookies by their names. */
export type Cookies = Readonly<Record<string, string>>

/** As supertest and `inject` send, too. */
const ADDRESS = '127.0.0.1'

export function viewOf({ method, url, headers, body = '' }: Sent): RequestView {
  return {
    method,
    target: url.pathname,
    headers,
    rawHeaders: Object.entries(headers).flat(),
    ip: ADDRESS,
    peer: { address: ADDRESS, certificate: undefined },
    host: url.host,
    secure: url.protocol === 'https:',
    body: { kind: 'bytes', bytes: Buffer.from(body) },
    params: {},
  }
}

/** What a test asked of the library was refused. */
export class AnswerError extends SallyportError {
  override readonly name = 'AnswerError'
  readonly code = 'ERR_ANSWER'
  /** The status of the answer, such as 401. */
  readonly status: number
  /** The `error` of its body, such as `invalid_grant`. */
  readonly error: string

  /** @param step what was asked for, such as `the refresh` */
  constructor(step: string, status: number, body: Body) {
    const { error = 'no error code', error_description: description = 'no description' } = body
    super(`${step} was answered ${status} (${error}): ${description}`)
    this.status = status
    this.error = error
  }
}

/** The members that answers of the library have. */
export interface Body {
  readonly access_token?: string
  readonly refresh_token?: string
  readonly token_type?: string
  readonly error?: string
  readonly error_description?: string
}

/** The body of an answer, which is JSON or empty. */
export function bodyOf({ body }: Pick<Answer, 'body'>): Body {
  return typeof body === 'string' && body !== '' ? (JSON.parse(body) as Body) : {}
}

export function fieldOf({ headers }: Pick<Answer, 'headers'>, name: string): string | undefined {
  return Object.entries(headers).find(([field]) => field.toLowerCase() === name)?.[1]
}

/** The cookies that a client has, once it has obeyed these `Set-Cookie` values. */
export function afterSetCookies(before: Cookies, setCookies: readonly string[]): Cookies {
  const cookies = new Map(Object.entries(before))
  for (const setCookie of setCookies) {
    const cookie = parseSetCookie(setCookie, UNDECODED)
    if (isDeleted(cookie)) cookies.delete(cookie.name)
    else if (cookie.name !== '') cookies.set(cookie.name, cookie.value ?? '')
  }
  return Object.fromEntries(cookies)
}

/** A client sends values as it got them. */
const UNDECODED = { decode: (value: string): string => value }

/**
 * By the time of the system, as frameworks date their cookies.
 *
 * @see [RFC 6265, section 5.3](https://www.rfc-editor.org/rfc/rfc6265.html#section-5.3)
 */
function isDeleted({ maxAge, expires }: SetCookie): boolean {
  if (maxAge !== undefined) return maxAge <= 0
  return expires !== undefined && expires.getTime() <= now()
}

export function cookieHeader(cookies: Cookies): string {
  return Object.entries(cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join('; ')
}
