import { createHash } from 'node:crypto'
import { type ProblemCode, problems } from '../problems.ts'
import type { Answer, RequestView } from '../seam/http.ts'

const JSON_TYPE = 'application/json; charset=utf-8'
const NO_STORE = { 'Cache-Control': 'no-store' } as const
const JSON_HEADERS = { 'Content-Type': JSON_TYPE, ...NO_STORE } as const

/** A JSON answer that no cache may keep. */
export function jsonAnswer(status: number, body: object, cookies: readonly string[] = []): Answer {
  return { status, headers: JSON_HEADERS, cookies, body: JSON.stringify(body) }
}

/** A JSON answer that anybody may keep for a while; 304 for who has it already (RFC 9110, section 13.1.2). */
export function publicAnswer(view: RequestView, content: object, maxAgeSeconds: number): Answer {
  const body = JSON.stringify(content)
  const tag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  const headers = { 'Cache-Control': `public, max-age=${maxAgeSeconds}`, ETag: tag }
  const known = view.headers['if-none-match']
  if (typeof known === 'string' && (known.trim() === '*' || known.includes(tag)))
    return { status: 304, headers, cookies: [], body: undefined }
  return { status: 200, headers: { 'Content-Type': JSON_TYPE, ...headers }, cookies: [], body }
}

/** 204. */
export function emptyAnswer(cookies: readonly string[] = []): Answer {
  return { status: 204, headers: NO_STORE, cookies, body: undefined }
}

export interface RefusalDetails {
  /** Instead of the table's. */
  readonly status?: number
  /** Scope that would have done (RFC 6750, section 3). */
  readonly scope?: string
  readonly retryAfterSeconds?: number
  readonly allow?: readonly string[]
  readonly cookies?: readonly string[]
}

/** The answer that a problem of the table gets. */
export function refusal(code: ProblemCode, details: RefusalDetails = {}): Answer {
  const problem = problems[code]
  const headers: Record<string, string> = { ...JSON_HEADERS }
  if (problem.challenge !== undefined) headers['WWW-Authenticate'] = challenge(code, details.scope)
  const retryAfter = details.retryAfterSeconds ?? problem.retryAfter
  if (retryAfter !== undefined) headers['Retry-After'] = String(retryAfter)
  // What is left of the body is not worth reading, so the connection can't go on.
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

/** RFC 6750, section 3. All texts are ours, but for scopes, which can hold neither quote nor backslash. */
function challenge(code: ProblemCode, scope: string | undefined): string {
  const problem = problems[code]
  if (problem.challenge === 'plain') return 'Bearer'
  const wanted = scope === undefined ? '' : `, scope="${scope}"`
  return `Bearer error="${problem.error}", error_description="${problem.say}"${wanted}`
}
