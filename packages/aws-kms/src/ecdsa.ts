const SEQUENCE = 0x30
const INTEGER = 0x02
const NUMBER_BYTES = 32

/**
 * Converts an ECDSA signature over P-256 from DER (RFC 3279, section 2.2.3) to r and s of 32 bytes each (RFC 7518,
 * section 3.4). Gives `undefined` unless the input is the one valid DER encoding (X.690, sections 8.3 and 10.1) of
 * two numbers from 1 to 2^256 - 1. Does not verify the signature.
 */
export function rawFromDer(der: Uint8Array): Uint8Array | undefined {
  if (der[0] !== SEQUENCE || der[1] !== der.length - 2) return undefined
  const r = integerAt(der, 2)
  const s = r && integerAt(der, r.end)
  if (r === undefined || s?.end !== der.length) return undefined
  const raw = new Uint8Array(2 * NUMBER_BYTES)
  raw.set(r.bytes, NUMBER_BYTES - r.bytes.length)
  raw.set(s.bytes, 2 * NUMBER_BYTES - s.bytes.length)
  return raw
}

interface Integer {
  /** Without leading zeros. */
  readonly bytes: Uint8Array
  readonly end: number
}

/**
 * Lengths over 127 have a form of their own. Read as plain lengths they exceed any valid number, so they are refused.
 */
function integerAt(der: Uint8Array, start: number): Integer | undefined {
  const length = der[start + 1] ?? 0
  const end = start + 2 + length
  if (der[start] !== INTEGER || length === 0) return undefined
  const content = der.subarray(start + 2, end)
  const isPadded = content[0] === 0
  const bytes = isPadded ? content.subarray(1) : content
  const hasHighBit = (bytes[0] ?? 0) >= 0x80
  // There is a leading zero byte if, and only if, the number would be negative without it.
  return isPadded === hasHighBit && bytes.length <= NUMBER_BYTES ? { bytes, end } : undefined
}
