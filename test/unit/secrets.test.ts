import { createHash, createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { deriveKeys } from '../../packages/core/src/secrets.ts'

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** HKDF with SHA-256, no salt, one block (RFC 5869, section 2). */
function expand(secret: Uint8Array, info: string): Buffer {
  const pseudorandom = createHmac('sha256', Buffer.alloc(32)).update(secret).digest()
  return createHmac('sha256', pseudorandom).update(info).update(Buffer.of(1)).digest()
}

test('the keys of a secret do not change from release to release, since tokens and sealed keys live on', () => {
  const secret = Buffer.alloc(32, 7)
  const [derived] = deriveKeys([secret])
  const id = createHash('sha256').update(expand(secret, 'sallyport 1 secret id')).digest('base64url')
  expect(derived.id).toBe(id.slice(0, 11))
  const { refreshTokens, accessReferences } = derived
  expect(hexOf(refreshTokens.mac)).toBe(hexOf(expand(secret, 'sallyport 1 refresh token MAC')))
  expect(hexOf(refreshTokens.encryption)).toBe(hexOf(expand(secret, 'sallyport 1 refresh token encryption')))
  expect(hexOf(accessReferences.mac)).toBe(hexOf(expand(secret, 'sallyport 1 access reference MAC')))
  expect(hexOf(accessReferences.encryption)).toBe(
    hexOf(expand(secret, 'sallyport 1 access reference encryption')),
  )
  expect(hexOf(derived.keyEncryption)).toBe(hexOf(expand(secret, 'sallyport 1 signing key encryption')))
  expect(hexOf(derived.fingerprints)).toBe(hexOf(expand(secret, 'sallyport 1 device fingerprint')))
})

test('they differ by purpose and by secret, and stand in the order of the secrets', () => {
  const secrets = [Buffer.alloc(32, 7), Buffer.alloc(32, 8), Buffer.alloc(33, 7)] as const
  const derived = deriveKeys(secrets)
  const all = derived.flatMap(({ refreshTokens, accessReferences, ...one }) => [
    ...[refreshTokens.mac, refreshTokens.encryption, accessReferences.mac, accessReferences.encryption],
    ...[one.keyEncryption, one.fingerprints, one.accessEncryption],
  ])
  expect(new Set(all.map(hexOf)).size).toBe(21)
  expect(all.every((bytes) => bytes.length === 32)).toBe(true)
  expect(derived).toEqual(secrets.map((secret) => deriveKeys([secret])[0]))
})
