import type { Answer, RequestView } from '../../seam/http.ts'
import type { OriginSettings } from './csrf.ts'

const HEADERS = 'Authorization, Content-Type, DPoP, Device-Signals, Idempotency-Key, X-Token-Transport'
/** A list of header names (RFC 9110, section 5.6.2). */
const HEADER_NAMES = /^[\w!#$%&'*+.^`|~-]+(?:\s*,\s*[\w!#$%&'*+.^`|~-]+){0,63}$/
const MAX_REQUESTED_CHARS = 1024
const EXPOSED = 'DPoP-Nonce, Retry-After, WWW-Authenticate'
const PREFLIGHT_SECONDS = '600'

/**
 * Adds what an allowed origin's browser needs to read the answer (CORS); others get only `Vary`. A preflight may ask
 * for any headers: pages add their own, such as those of tracing, and none of them opens anything here.
 *
 * @see [Fetch, CORS protocol](https://fetch.spec.whatwg.org/#http-cors-protocol)
 */
export function withCors(answer: Answer, view: RequestView, { allowed }: OriginSettings): Answer {
  if (allowed.size === 0) return answer
  const { origin } = view.headers
  const headers: Record<string, string> = { ...answer.headers, Vary: 'Origin' }
  if (typeof origin !== 'string' || !allowed.has(origin)) return { ...answer, headers }
  headers['Access-Control-Allow-Origin'] = origin
  headers['Access-Control-Allow-Credentials'] = 'true'
  headers['Access-Control-Expose-Headers'] = EXPOSED
  if (view.method === 'OPTIONS') {
    headers['Access-Control-Allow-Methods'] = answer.headers.Allow ?? ''
    headers['Access-Control-Allow-Headers'] = requestedHeaders(view) ?? HEADERS
    headers['Access-Control-Max-Age'] = PREFLIGHT_SECONDS
  }
  return { ...answer, headers }
}

function requestedHeaders({ headers }: RequestView): string | undefined {
  const requested = headers['access-control-request-headers']
  const isFine =
    typeof requested === 'string' && requested.length <= MAX_REQUESTED_CHARS && HEADER_NAMES.test(requested)
  return isFine ? requested : undefined
}
