import type { RequestView } from '../seam/http.ts'

export type BearerCredential =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'repeated' }
  | { readonly kind: 'malformed' }

const SCHEME = /^bearer(?: +(.*))?$/i
const USUAL = 'Bearer '

/**
 * Reads `Authorization: Bearer`, the only place that a token is taken from (RFC 6750, section 2.1).
 * Another scheme is no credential for us. Does not look into the token.
 */
export function readBearer(view: RequestView): BearerCredential {
  const value = view.headers.authorization
  if (typeof value !== 'string') return { kind: 'none' }
  if (occurrences(view.rawHeaders, 'authorization') > 1) return { kind: 'repeated' }
  // Nearly all clients spell it so, and need no pattern to be matched.
  if (value.startsWith(USUAL) && value.length > USUAL.length && value[USUAL.length] !== ' ')
    return { kind: 'token', token: value.slice(USUAL.length) }
  const match = SCHEME.exec(value)
  if (match === null) return /^bearer\b/i.test(value) ? { kind: 'malformed' } : { kind: 'none' }
  const token = match[1]
  return token === undefined || token === '' ? { kind: 'malformed' } : { kind: 'token', token }
}

/** How often a header was sent; the parsed headers keep the first only. */
function occurrences(rawHeaders: readonly string[], name: string): number {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const sent = rawHeaders[at]
    if (sent?.length === name.length && sent.toLowerCase() === name) count++
  }
  return count
}
