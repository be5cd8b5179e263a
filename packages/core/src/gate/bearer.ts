import type { RequestView } from '../seam/http.ts'

export type BearerCredential =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'repeated' }
  | { readonly kind: 'malformed' }

const SCHEME = /^bearer(?: +(.*))?$/i
const USUAL = 'Bearer '

/**
 * Reads `Authorization: Bearer` (RFC 6750, section 2.1), the only place from which a token is taken. A header with
 * another scheme counts as no credential. Does NOT check the token.
 */
export function readBearer(view: RequestView): BearerCredential {
  const value = view.headers.authorization
  if (typeof value !== 'string') return { kind: 'none' }
  if (occurrences(view.rawHeaders, 'authorization') > 1) return { kind: 'repeated' }
  // Nearly every client spells the scheme this way, so the pattern below is rarely needed.
  if (value.startsWith(USUAL) && value.length > USUAL.length && value[USUAL.length] !== ' ')
    return { kind: 'token', token: value.slice(USUAL.length) }
  const match = SCHEME.exec(value)
  if (match === null) return /^bearer\b/i.test(value) ? { kind: 'malformed' } : { kind: 'none' }
  const token = match[1]
  return token === undefined || token === '' ? { kind: 'malformed' } : { kind: 'token', token }
}

/** How often a header was sent. Node.js keeps only the first one in the parsed headers. */
function occurrences(rawHeaders: readonly string[], name: string): number {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const header = rawHeaders[at]
    if (header?.length === name.length && header.toLowerCase() === name) count++
  }
  return count
}
