import { decodeProtectedHeader, type ProtectedHeaderParameters } from 'jose/decode/protected_header'
import { LRUCache } from 'lru-cache'

/** The header parameters that matter for verification. */
export interface TokenHeader {
  readonly kid: string | undefined
  readonly alg: string
  readonly typ: string | undefined
}

export type HeaderReading =
  | { readonly kind: 'read'; readonly header: TokenHeader }
  /** Not a header. */
  | { readonly kind: 'malformed' }
  /** A header that no token of an accepted issuer has. */
  | { readonly kind: 'unusable' }

const MAX_PARAMETER_CHARS = 255
const HEADERS_REMEMBERED = 100

/**
 * Makes a reader of headers (RFC 7515, section 4.1). A header with `crit` is unusable, because no extension is
 * supported. All tokens that one key signed have the same header segment, so the latest headers are remembered by it.
 */
export function createHeaderReader(): (token: string) => HeaderReading {
  const remembered = new LRUCache<string, Extract<HeaderReading, { kind: 'read' }>>({
    max: HEADERS_REMEMBERED,
  })
  return (token) => {
    const segment = token.slice(0, token.indexOf('.'))
    const known = remembered.get(segment)
    if (known !== undefined) return known
    const reading = read(token)
    if (reading.kind === 'read') remembered.set(segment, reading)
    return reading
  }
}

function read(token: string): HeaderReading {
  const decoded = decodeHeader(token)
  if (decoded === undefined) return { kind: 'malformed' }
  const { kid, alg, typ, crit, b64 } = decoded
  const isShort = (parameter: unknown): parameter is string | undefined =>
    parameter === undefined || (typeof parameter === 'string' && parameter.length <= MAX_PARAMETER_CHARS)
  return isShort(kid) && isShort(typ) && typeof alg === 'string' && crit === undefined && b64 === undefined
    ? { kind: 'read', header: { kid, alg, typ } }
    : { kind: 'unusable' }
}

/** Decodes the header of a compact JWS or JWE; `undefined` if the string is neither. Does NOT check the parameters. */
export function decodeHeader(token: string): ProtectedHeaderParameters | undefined {
  try {
    return decodeProtectedHeader(token)
  } catch (cause) {
    if (cause instanceof TypeError) return undefined
    throw cause
  }
}
