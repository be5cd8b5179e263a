import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import type { CryptoKey, JWK } from 'jose'
import { JOSEError } from 'jose/errors'
import { compactDecrypt } from 'jose/jwe/compact/decrypt'
import { CompactEncrypt } from 'jose/jwe/compact/encrypt'
import { calculateJwkThumbprint } from 'jose/jwk/thumbprint'
import { importJWK } from 'jose/key/import'
import { ConfigError, describeValue } from '../../errors.ts'
import { publicPart } from '../../keys/jwk/jwk-members.ts'

/** The only one who can read a claim. */
export interface ClaimRecipient {
  /** Sent in the clear, so that a recipient can refuse a claim that was meant for another. */
  readonly audience: string
  /** Its public key as a JWK: P-256, X25519, or RSA of at least 2048 bits. */
  readonly key: object
}

export type ClaimSeal = (value: unknown) => Promise<string>

const ENCRYPTION = 'A256GCM'
/** No passwords as keys (PBES2), no PKCS #1 v1.5, and no compression (RFC 8725, sections 3.2 and 3.6). */
const MANAGEMENTS = ['ECDH-ES+A256KW', 'RSA-OAEP-256'] as const
type Management = (typeof MANAGEMENTS)[number]
const MAX_CHARS = 65_536
const MIN_RSA_BITS = 2048

/**
 * Encrypts one claim for one audience (RFC 7516, compact). Throws a `ConfigError` for a key that cannot be used.
 *
 * @param path of the recipient in the options, for the error
 */
export async function createClaimSeal({ audience, key }: ClaimRecipient, path: string): Promise<ClaimSeal> {
  const jwk = encryptionKey(key, `${path}.key`)
  const alg = managementOf(jwk, `${path}.key`)
  const publicKey = await importJWK(jwk, alg)
  const kid = await nameOf(jwk)
  return (value) =>
    new CompactEncrypt(new TextEncoder().encode(JSON.stringify(value)))
      .setProtectedHeader({ alg, enc: ENCRYPTION, kid, aud: audience, cty: 'json' })
      .encrypt(publicKey)
}

export interface RecipientKey {
  readonly kid: string
  readonly alg: Management
  readonly key: CryptoKey | Uint8Array
}

/** Decrypts a compact JWE with the key that it names. Whatever is wrong with it, the answer is `undefined`. */
export async function decryptClaim(
  text: unknown,
  find: (kid: string | undefined) => RecipientKey | undefined,
): Promise<{ readonly plain: Uint8Array; readonly audience: unknown } | undefined> {
  if (typeof text !== 'string' || text.length > MAX_CHARS) return undefined
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(
      text,
      ({ kid, alg }) => {
        const known = find(kid)
        if (known === undefined || known.alg !== alg) throw new Refused()
        return known.key
      },
      {
        keyManagementAlgorithms: [...MANAGEMENTS],
        contentEncryptionAlgorithms: [ENCRYPTION],
        maxDecompressedLength: 0,
      },
    )
    return { plain: plaintext, audience: protectedHeader.aud }
  } catch (cause) {
    if (cause instanceof JOSEError || cause instanceof Refused || cause instanceof TypeError) return undefined
    throw cause
  }
}

class Refused extends Error {}

/**
 * Reads a private key that opens claims. Throws a `ConfigError` for a key that cannot.
 *
 * @param path of the key, for the error
 */
export async function privateKeyOf(given: object, path: string): Promise<RecipientKey> {
  const jwk = given as JWK
  if (typeof jwk.d !== 'string') throw new ConfigError(path, 'a private JWK')
  const publicJwk = encryptionKey(given, path)
  const alg = managementOf(publicJwk, path)
  try {
    return { kid: await nameOf(publicJwk), alg, key: await importJWK(jwk, alg) }
  } catch {
    throw new ConfigError(path, 'a complete and valid private JWK')
  }
}

/** The public part of a key that may encrypt. */
function encryptionKey(given: object, path: string): JWK {
  const jwk = publicPart(given)
  if (jwk.use !== undefined && jwk.use !== 'enc')
    throw new ConfigError(`${path}.use`, '"enc" or left out', describeValue(jwk.use))
  return jwk
}

function managementOf(jwk: JWK, path: string): Management {
  const key = publicKeyOf(jwk, path)
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'x25519' || namedCurve === 'prime256v1') return 'ECDH-ES+A256KW'
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= MIN_RSA_BITS) return 'RSA-OAEP-256'
  throw new ConfigError(path, 'a P-256 or X25519 key, or an RSA key of at least 2048 bits')
}

function publicKeyOf(jwk: JWK, path: string): KeyObject {
  try {
    return createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' })
  } catch {
    throw new ConfigError(path, 'a complete and valid EC, OKP or RSA key')
  }
}

const nameOf = async (jwk: JWK): Promise<string> => jwk.kid ?? calculateJwkThumbprint(jwk)
