/** The DER form of an ECDSA signature, from the big-endian bytes of its numbers. */
export function derOf(r: Uint8Array, s: Uint8Array): Buffer {
  return sequence(integer(r), integer(s))
}

/** As given, also where that is no good DER. */
export function sequence(...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([0x30, content.length]), content])
}

function integer(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0)
  const short = bytes.subarray(first === -1 ? bytes.length : first)
  const sign = (short[0] ?? 0x80) >= 0x80 ? [0] : []
  return Buffer.from([0x02, sign.length + short.length, ...sign, ...short])
}
