import { createHash, createHmac, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createOpaqueTokens, MAC_BYTES } from '../../packages/core/src/tokens/opaque.ts'

/** NIST SP 800-56C revision 2, section 4.1, with SHA-256. */
function derived(key: Buffer, info: Buffer, bytes: number): Buffer {
  const blocks: Buffer[] = []
  for (let counter = 1; blocks.length * 32 < bytes; counter++) {
    const number = Buffer.alloc(4)
    number.writeUInt32BE(counter)
    blocks.push(createHash('sha256').update(number).update(key).update(info).digest())
  }
  return Buffer.concat(blocks).subarray(0, bytes)
}

// Less than a block of the stream, one whole block, and a part of a second.
test.each([1 + 16, 1 + 32, 1 + 44])(
  '%i bytes are under an HMAC, and the body is hidden by a stream derived from it',
  (macAt) => {
    for (let round = 0; round < 500; round++) {
      const keys = { mac: randomBytes(32), encryption: randomBytes(32) }
      const format = { prefix: 'x_', size: macAt + MAC_BYTES }
      const tokens = createOpaqueTokens(format, [{ mac: randomBytes(32), encryption: randomBytes(32) }, keys])
      const clear = randomBytes(format.size)
      const token = createOpaqueTokens(format, [keys]).seal(Buffer.from(clear))

      const sealed = Buffer.from(token.slice(2), 'base64url')
      const mac = createHmac('sha256', keys.mac)
        .update(clear.subarray(0, macAt))
        .digest()
        .subarray(0, MAC_BYTES)
      expect(sealed.subarray(macAt)).toEqual(mac)
      const stream = derived(keys.encryption, mac, macAt - 1)
      const body = sealed.subarray(1, macAt).map((byte, at) => byte ^ (stream[at] ?? 0))
      expect(body).toEqual(clear.subarray(1, macAt))
      // Under an earlier key, after the current one was tried.
      expect(tokens.unseal(token)).toEqual(Buffer.concat([clear.subarray(0, macAt), mac]))
    }
  },
)
