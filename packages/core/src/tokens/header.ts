import { decodeProtectedHeader } from 'jose/decode/protected_header'
import { LRUCache } from 'lru-cache'

/** What the header of a token says that decides about it. */
export interface TokenHeader {
  readonly kid: string | undefined
  readonly alg: string
  readonly typ: string | undefined
}

export type HeaderReading =
  | { readonly kind: 'read'; readonly header: TokenHeader }
  /** No header at all. */
  | { readonly kind: 'malformed' }
  /** A header that means nothing here. */
  | { readonly kind: 'unusable' }

const KID_CHARS = 255
const REMEMBERED = 100

/**
 * Reads headers (RFC 7515, section 4.1). A header with `crit` is unusable, since no extension is supported. All tokens
 * of one key begin with the same characters, by which the latest headers are remembered.
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
    const isShort = (given: unknown): given is string | undefined =>
      given === undefined || (typeof given === 'string' && given.length <= KID_CHARS)
    return isShort(kid) && isShort(typ) && typeof alg === 'string' && crit === undefined && b64 === undefined
      ? { kind: 'read', header: { kid, alg, typ } }
      : { kind: 'unusable' }
  } catch {
    return { kind: 'malformed' }
  }
}
