import { createHash } from 'node:crypto'
import { type ChallengeParameters, type ProblemCode, problems } from '../../problems.ts'
import type { Answer, RequestView } from '../../seam/http.ts'
import { challengeOf, type Schemes } from './challenge.ts'

const JSON_TYPE = 'application/json; charset=utf-8'
const NO_STORE = { 'Cache-Control': 'no-store' } as const
const JSON_HEADERS = { 'Content-Type': JSON_TYPE, ...NO_STORE } as const

/** A JSON answer that no cache may store. */
export function jsonAnswer(status: number, body: object, cookies: readonly string[] = []): Answer {
  return { status, headers: JSON_HEADERS, cookies, body: JSON.stringify(body) }
}

/**
 * A JSON answer that any cache may store for a while. A client that already has it gets 304 (RFC 9110, section 13.1.2).
 */
export function publicAnswer(view: RequestView, content: object, maxAgeSeconds: number): Answer {
  const body = JSON.stringify(content)
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  const headers = { 'Cache-Control': `public, max-age=${maxAgeSeconds}`, ETag: etag }
  const known = view.headers['if-none-match']
  if (typeof known === 'string' && (known.trim() === '*' || known.includes(etag)))
    return { status: 304, headers, cookies: [], body: undefined }
  return { status: 200, headers: { 'Content-Type': JSON_TYPE, ...headers }, cookies: [], body }
}

export function emptyAnswer(cookies: readonly string[] = [], headers: Answer['headers'] = {}): Answer {
  return { status: 204, headers: { ...NO_STORE, ...headers }, cookies, body: undefined }
}

export interface RefusalDetails {
  /** Overrides the status of the problem. */
  readonly status?: number
  /** What would have sufficed, such as a scope. `none`: there is no challenge (RFC 6749, section 5.2). */
  readonly challenge?: ChallengeParameters | 'none' | undefined
  /** In which schemes a token may be sent. Default: `Bearer` alone. */
  readonly schemes?: Schemes | undefined
  /** Further header fields. */
  readonly headers?: Answer['headers'] | undefined
  readonly retryAfterSeconds?: number | undefined
  readonly allow?: readonly string[]
  readonly cookies?: readonly string[]
}

/** The answer to a refused request, from the table of problems. */
export function refusal(code: ProblemCode, details: RefusalDetails = {}): Answer {
  const problem = problems[code]
  const headers: Record<string, string> = { ...JSON_HEADERS, ...details.headers }
  if (problem.challenge !== undefined && details.challenge !== 'none')
    headers['WWW-Authenticate'] = challengeOf(code, details.challenge, details.schemes)
  const retryAfter = details.retryAfterSeconds ?? problem.retryAfter
  if (retryAfter !== undefined) headers['Retry-After'] = String(retryAfter)
  // The rest of the body is not read, so the connection cannot be reused.
  if (code === 'body_too_large') headers.Connection = 'close'
  if (details.allow !== undefined) headers.Allow = details.allow.join(', ')
  return {
    status: details.status ?? problem.status,
    headers,
    cookies: details.cookies ?? [],
    body: bodies[code],
  }
}

const bodies = Object.fromEntries(
  Object.entries(problems).map(([code, { error, say }]) => [
    code,
    JSON.stringify({ error, error_description: say }),
  ]),
) as Readonly<Record<ProblemCode, string>>
