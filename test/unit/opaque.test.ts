import { createCipheriv, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createOpaqueTokens, MAC_BYTES } from '../../packages/core/src/tokens/opaque.ts'

// One block, two whole ones, and a part of a third.
test.each([1 + 16, 1 + 32, 1 + 44])(
  'the body of %i bytes is encrypted as AES-CTR of Node.js does',
  (macAt) => {
    for (let round = 0; round < 500; round++) {
      const keys = { mac: randomBytes(32), encryption: randomBytes(32) }
      const format = { prefix: 'x_', size: macAt + MAC_BYTES, unencrypted: [] }
      const tokens = createOpaqueTokens(format, [keys])
      const clear = randomBytes(format.size)
      const token = tokens.seal(clear)
      const sealed = Buffer.from(token.slice(2), 'base64url')
      const ctr = createCipheriv('aes-256-ctr', keys.encryption, sealed.subarray(macAt))
      expect(sealed.subarray(1, macAt)).toEqual(ctr.update(clear.subarray(1, macAt)))
      expect(tokens.unseal(token)).toEqual(clear)
    }
  },
)
