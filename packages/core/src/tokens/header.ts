import { decodeProtectedHeader } from 'jose/decode/protected_header'
import { LRUCache } from 'lru-cache'

/** What the header of a token says that may be ours: all else in it is checked already. */
export interface TokenHeader {
  readonly kid: string
  readonly alg: string
}

export type HeaderReading =
  | { readonly kind: 'read'; readonly header: TokenHeader }
  /** No header at all. */
  | { readonly kind: 'malformed' }
  /** A header of some other kind of token. */
  | { readonly kind: 'foreign' }

const TYPES: ReadonlySet<unknown> = new Set(['at+jwt', 'application/at+jwt'])
const KID_CHARS = 255
const REMEMBERED = 100

/**
 * Reads headers (RFC 9068, section 2.1: `typ` is `at+jwt`; RFC 7515, section 4.1.11: `crit` is for nobody
 * here). All tokens of one key begin with the same text, so the last ones are remembered by it.
 */
export function createHeaderReader(): (token: string) => HeaderReading {
  const known = new LRUCache<string, Extract<HeaderReading, { kind: 'read' }>>({ max: REMEMBERED })
  return (token) => {
    const text = token.slice(0, token.indexOf('.'))
    const remembered = known.get(text)
    if (remembered !== undefined) return remembered
    const reading = read(token)
    if (reading.kind === 'read') known.set(text, reading)
    return reading
  }
}

function read(token: string): HeaderReading {
  try {
    const { kid, alg, typ, crit, b64 } = decodeProtectedHeader(token)
    const ours =
      typeof kid === 'string' && kid.length <= KID_CHARS && typeof alg === 'string' && TYPES.has(typ)
    return ours && crit === undefined && b64 === undefined
      ? { kind: 'read', header: { kid, alg } }
      : { kind: 'foreign' }
  } catch {
    return { kind: 'malformed' }
  }
}
