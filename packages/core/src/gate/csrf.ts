import type { Answer, RequestView } from '../seam/http.ts'

export interface OriginSettings {
  /** Further web origins that may call the cookie routes. */
  readonly allowed: ReadonlySet<string>
  /** What to do with a request that has neither `Origin` nor `Sec-Fetch-Site`. Current browsers send at least one. */
  readonly missing: 'accept' | 'refuse'
}

/**
 * Whether a request to a cookie route comes from another site. The browser says so in `Sec-Fetch-Site` (Fetch Metadata)
 * and `Origin`, which a page cannot set; both are checked.
 */
export function isCrossSite(view: RequestView, settings: OriginSettings): boolean {
  const site = view.headers['sec-fetch-site']
  const origin = view.headers.origin
  if (site === undefined && origin === undefined) return settings.missing === 'refuse'
  if (typeof origin === 'string' && settings.allowed.has(origin)) return false
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true
  return origin !== undefined && !isServerOrigin(view, origin)
}

/**
 * Whether an `Origin` is that of the server itself: it names the requested host, and the scheme is https if the
 * connection is known to use TLS.
 */
function isServerOrigin(view: RequestView, origin: string | readonly string[]): boolean {
  const host = view.headers.host
  if (typeof origin !== 'string' || typeof host !== 'string') return false
  const parsed = URL.canParse(origin) ? new URL(origin) : undefined
  if (parsed === undefined || parsed.origin !== origin) return false
  if (view.secure && parsed.protocol !== 'https:') return false
  const server = `${parsed.protocol}//${host}`
  return URL.canParse(server) && new URL(server).origin === origin
}

const METHODS = 'POST, GET, DELETE'
const HEADERS = 'Authorization, Content-Type, X-Token-Transport'

/** Adds the CORS headers by which a page of an allowed origin can read the answer. Other origins get only `Vary`. */
export function withCors(answer: Answer, view: RequestView, settings: OriginSettings): Answer {
  if (settings.allowed.size === 0) return answer
  const headers: Record<string, string> = { ...answer.headers, Vary: 'Origin' }
  const origin = view.headers.origin
  if (typeof origin === 'string' && settings.allowed.has(origin)) {
    headers['Access-Control-Allow-Origin'] = origin
    headers['Access-Control-Allow-Credentials'] = 'true'
    if (view.method === 'OPTIONS') {
      headers['Access-Control-Allow-Methods'] = METHODS
      headers['Access-Control-Allow-Headers'] = HEADERS
    }
  }
  return { ...answer, headers }
}
