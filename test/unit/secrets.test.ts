import { createHash, createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { deriveKeys } from '../../packages/core/src/secrets.ts'

const ISSUER = 'https://auth.example.com'
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** HKDF with SHA-256, no salt, one block (RFC 5869, section 2). */
function expand(secret: Uint8Array, info: string): Buffer {
  const pseudorandom = createHmac('sha256', Buffer.alloc(32)).update(secret).digest()
  return createHmac('sha256', pseudorandom).update(info).update(Buffer.of(1)).digest()
}

test('the keys of a secret do not change from release to release, since tokens and sealed keys live on', () => {
  const secret = Buffer.alloc(32, 7)
  const [derived] = deriveKeys([secret], ISSUER)
  const id = createHash('sha256').update(expand(secret, 'sallyport 1 secret id')).digest('base64url')
  expect(derived.id).toBe(id.slice(0, 11))
  const { refreshTokens, accessReferences } = derived
  expect(hexOf(refreshTokens.mac)).toBe(hexOf(expand(secret, `sallyport 1 refresh token MAC ${ISSUER}`)))
  expect(hexOf(refreshTokens.encryption)).toBe(
    hexOf(expand(secret, `sallyport 1 refresh token encryption ${ISSUER}`)),
  )
  expect(hexOf(accessReferences.mac)).toBe(
    hexOf(expand(secret, `sallyport 1 access reference MAC ${ISSUER}`)),
  )
  expect(hexOf(accessReferences.encryption)).toBe(
    hexOf(expand(secret, `sallyport 1 access reference encryption ${ISSUER}`)),
  )
  expect(hexOf(derived.storedGrants)).toBe(hexOf(expand(secret, `sallyport 1 stored grant MAC ${ISSUER}`)))
  expect(hexOf(derived.counters)).toBe(hexOf(expand(secret, `sallyport 1 counter name ${ISSUER}`)))
  expect(hexOf(derived.knownDevices)).toBe(hexOf(expand(secret, `sallyport 1 known device MAC ${ISSUER}`)))
  expect(hexOf(derived.sightings)).toBe(hexOf(expand(secret, `sallyport 1 sighting name ${ISSUER}`)))
  expect(hexOf(derived.proofNonces)).toBe(hexOf(expand(secret, `sallyport 1 DPoP nonce ${ISSUER}`)))
  const { boundKeys } = derived
  expect(hexOf(boundKeys.mac)).toBe(hexOf(expand(secret, `sallyport 1 bound key MAC ${ISSUER}`)))
  expect(hexOf(boundKeys.encryption)).toBe(
    hexOf(expand(secret, `sallyport 1 bound key encryption ${ISSUER}`)),
  )
  expect(hexOf(derived.documents)).toBe(hexOf(expand(secret, `sallyport 1 document encryption ${ISSUER}`)))
  expect(hexOf(derived.keyEncryption)).toBe(hexOf(expand(secret, 'sallyport 1 signing key encryption')))
  expect(hexOf(derived.fingerprints)).toBe(hexOf(expand(secret, 'sallyport 1 device fingerprint')))
})

test('they differ by purpose and by secret, and stand in the order of the secrets', () => {
  const secrets = [Buffer.alloc(32, 7), Buffer.alloc(32, 8), Buffer.alloc(33, 7)] as const
  const derived = deriveKeys(secrets, ISSUER)
  const all = derived.flatMap(({ refreshTokens, accessReferences, boundKeys, ...one }) => [
    ...[refreshTokens.mac, refreshTokens.encryption, accessReferences.mac, accessReferences.encryption],
    ...[boundKeys.mac, boundKeys.encryption],
    ...[one.keyEncryption, one.fingerprints, one.accessEncryption, one.storedGrants],
    ...[one.counters, one.knownDevices, one.sightings, one.proofNonces, one.documents],
  ])
  expect(new Set(all.map(hexOf)).size).toBe(45)
  expect(all.every((bytes) => bytes.length === 32)).toBe(true)
  expect(derived).toEqual(secrets.map((secret) => deriveKeys([secret], ISSUER)[0]))
})

test('the keys of what is good at one deployment only differ by issuer, and no others', () => {
  const secret = Buffer.alloc(32, 7)
  const [one] = deriveKeys([secret], ISSUER)
  const [other] = deriveKeys([secret], 'https://other.example.com')
  const {
    refreshTokens,
    accessReferences,
    boundKeys,
    storedGrants,
    counters,
    knownDevices,
    sightings,
    proofNonces,
    documents,
    ...rest
  } = one
  expect(other).toMatchObject(rest)
  expect(hexOf(other.storedGrants)).not.toBe(hexOf(storedGrants))
  expect(hexOf(other.counters)).not.toBe(hexOf(counters))
  expect(hexOf(other.documents)).not.toBe(hexOf(documents))
  expect(hexOf(other.knownDevices)).not.toBe(hexOf(knownDevices))
  expect(hexOf(other.sightings)).not.toBe(hexOf(sightings))
  expect(hexOf(other.proofNonces)).not.toBe(hexOf(proofNonces))
  for (const kind of ['mac', 'encryption'] as const) {
    expect(hexOf(other.refreshTokens[kind])).not.toBe(hexOf(refreshTokens[kind]))
    expect(hexOf(other.accessReferences[kind])).not.toBe(hexOf(accessReferences[kind]))
    expect(hexOf(other.boundKeys[kind])).not.toBe(hexOf(boundKeys[kind]))
  }
})
