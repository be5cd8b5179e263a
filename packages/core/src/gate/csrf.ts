import type { Answer, RequestView } from '../seam/http.ts'

export interface OriginSettings {
  /** Further web origins that may call the cookie routes. */
  readonly allowed: ReadonlySet<string>
  /** What to do with a request that tells neither `Origin` nor `Sec-Fetch-Site`: no browser of today sends it. */
  readonly missing: 'accept' | 'refuse'
}

/**
 * Whether a request to a cookie route comes from another site, as the browser itself tells
 * (Fetch Metadata first, `Origin` besides; neither can be set by a page).
 */
export function isCrossSite(view: RequestView, settings: OriginSettings): boolean {
  const site = view.headers['sec-fetch-site']
  const origin = view.headers.origin
  if (site === undefined && origin === undefined) return settings.missing === 'refuse'
  if (typeof origin === 'string' && settings.allowed.has(origin)) return false
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true
  return origin !== undefined && !isOwnOrigin(view, origin)
}

/** An `Origin` is our own if it names the host that was asked, and TLS where the connection is known to be. */
function isOwnOrigin(view: RequestView, origin: string | readonly string[]): boolean {
  const host = view.headers.host
  if (typeof origin !== 'string' || typeof host !== 'string') return false
  const parsed = URL.canParse(origin) ? new URL(origin) : undefined
  if (parsed === undefined || parsed.origin !== origin) return false
  if (view.secure && parsed.protocol !== 'https:') return false
  const own = `${parsed.protocol}//${host}`
  return URL.canParse(own) && new URL(own).origin === origin
}

const METHODS = 'POST, GET, DELETE'
const HEADERS = 'Authorization, Content-Type, X-Token-Transport'

/** Adds what an allowed origin's browser needs to read the answer (CORS). Others get only `Vary`. */
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
