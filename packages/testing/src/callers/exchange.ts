import { SallyportError } from '@sallyport/core'
import type { Answer, RequestView } from '@sallyport/core/adapter'

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
    const [pair = '', ...attributes] = setCookie.split(';')
    const name = pair.slice(0, pair.indexOf('=')).trim()
    const isDeleted = attributes.some((attribute) => attribute.trim().toLowerCase() === 'max-age=0')
    if (isDeleted) cookies.delete(name)
    else cookies.set(name, pair.slice(pair.indexOf('=') + 1).trim())
  }
  return Object.fromEntries(cookies)
}

export function cookieHeader(cookies: Cookies): string {
  return Object.entries(cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join('; ')
}
