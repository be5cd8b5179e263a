import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import type { JWK } from 'jose'
import { calculateJwkThumbprint } from 'jose/jwk/thumbprint'
import { ConfigError, describeValue } from '../../errors.ts'
import { isKid, type SigningAlgorithm, type SigningKey, type VerificationKey } from '../../ports/signer.ts'
import { publicPart } from './jwk-members.ts'
import { isRoca } from './roca.ts'

const MIN_RSA_BITS = 2048
const MIN_RSA_EXPONENT = 65537n
const PRIVATE = { type: 'pkcs8', format: 'der' } as const
const PUBLIC = { type: 'spki', format: 'der' } as const

/** Makes a fresh key; its `kid` is its RFC 7638 thumbprint. */
export async function generateSigningKey(alg: SigningAlgorithm): Promise<SigningKey> {
  const { privateKey, publicKey } = await generatePair(alg)
  const kid = await calculateJwkThumbprint(publicKey.export({ format: 'jwk' }) as JWK)
  return { kid, alg, privateKey, publicKey }
}

/**
 * Generates encoded keys and reads them back. A generated key object shares a lock with the job that made it: in Node
 * 20 an export deadlocks if that job is garbage collected meanwhile.
 */
async function generatePair(alg: SigningAlgorithm): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  const privateKey = createPrivateKey({ key: await generateEncoded(alg), ...PRIVATE })
  return { privateKey, publicKey: createPublicKey(privateKey) }
}

function generateEncoded(alg: SigningAlgorithm): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const encodings = { privateKeyEncoding: PRIVATE, publicKeyEncoding: PUBLIC }
    const done = (error: Error | null, _publicKey: Buffer, privateKey: Buffer): void =>
      error === null ? resolve(privateKey) : reject(error)
    switch (alg) {
      case 'EdDSA':
        return generateKeyPair('ed25519', encodings, done)
      case 'ES256':
        return generateKeyPair('ec', { namedCurve: 'P-256', ...encodings }, done)
      case 'RS256':
      case 'PS256':
        return generateKeyPair('rsa', { modulusLength: MIN_RSA_BITS, ...encodings }, done)
    }
  })
}

/** The public JWK of a key: public members only (RFC 7517, section 9.2). */
export function publicJwk(key: VerificationKey): JWK {
  return { ...(key.publicKey.export({ format: 'jwk' }) as JWK), kid: key.kid, alg: key.alg, use: 'sig' }
}

/** The private JWK of a key. Seal it; never show it. */
export function privateJwk(key: SigningKey): JWK {
  return { ...(key.privateKey.export({ format: 'jwk' }) as JWK), kid: key.kid, alg: key.alg }
}

/**
 * Reads a private or public JWK. Throws a `ConfigError` for a key that must not sign or verify: a symmetric one, one
 * on an unsupported curve, an RSA key under 2048 bits or with a small exponent, or an `alg`, `use` or `key_ops` for
 * another purpose. Each error has an `expected` text, which shows nothing of the key.
 *
 * @param path of the key in the options, for the error
 * @param preferred the algorithm for a key that names none, if the key fits it
 */
export async function readJwk(
  jwk: unknown,
  path: string,
  preferred?: SigningAlgorithm,
): Promise<VerificationKey & Partial<SigningKey>> {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk))
    throw new ConfigError(path, 'a JWK (RFC 7517)')
  const given: JWK = jwk
  if (given.kty === 'oct' || given.k !== undefined)
    throw new ConfigError(path, 'an asymmetric key (EC, OKP or RSA)', 'a symmetric one')
  const publicKey = importPublic(given, path)
  const alg = algorithmOf(given, publicKey, path, preferred)
  checkPurpose(given, path)
  const kid: unknown =
    given.kid === undefined
      ? await calculateJwkThumbprint(publicKey.export({ format: 'jwk' }) as JWK)
      : given.kid
  if (!isKid(kid)) throw new ConfigError(`${path}.kid`, '1 to 128 printable ASCII characters')
  const key: VerificationKey = { kid, alg, publicKey }
  return given.d === undefined ? key : { ...key, privateKey: importPrivate(given, publicKey, path) }
}

function importPublic(jwk: JWK, path: string): KeyObject {
  try {
    return createPublicKey({ key: publicPart(jwk) as JsonWebKey, format: 'jwk' })
  } catch {
    throw new ConfigError(path, 'a complete and valid EC, OKP or RSA key')
  }
}

function importPrivate(jwk: JWK, publicKey: KeyObject, path: string): KeyObject {
  let privateKey: KeyObject
  try {
    privateKey = createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' })
  } catch {
    throw new ConfigError(path, 'a complete and valid EC, OKP or RSA private key')
  }
  if (!createPublicKey(privateKey).equals(publicKey) || !belongTogether(privateKey, publicKey))
    throw new ConfigError(path, 'a key whose private and public members belong together')
  return privateKey
}

/** An import does not check that the public members fit the private ones; a signature does. */
function belongTogether(privateKey: KeyObject, publicKey: KeyObject): boolean {
  const digest = publicKey.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  const text = Buffer.from('sallyport')
  try {
    return verify(digest, text, publicKey, sign(digest, text, privateKey))
  } catch {
    return false
  }
}

function algorithmOf(
  jwk: JWK,
  key: KeyObject,
  path: string,
  preferred: SigningAlgorithm | undefined,
): SigningAlgorithm {
  const fitting = algorithmsOf(key, path)
  const [standard] = fitting
  if (jwk.alg === undefined) return fitting.find((alg) => alg === preferred) ?? standard
  // RFC 9864 renamed EdDSA over Ed25519; keys under either name are the same keys.
  const named = fitting.find((alg) => alg === jwk.alg || (alg === 'EdDSA' && jwk.alg === 'Ed25519'))
  if (named === undefined)
    throw new ConfigError(
      `${path}.alg`,
      `${fitting.map((alg) => `"${alg}"`).join(' or ')}, or left out`,
      describeValue(jwk.alg),
    )
  return named
}

/**
 * The algorithms that a public key is for, the usual one first. Throws a `ConfigError` for a key that must not sign or
 * verify.
 */
export function algorithmsOf(
  key: KeyObject,
  path: string,
): readonly [SigningAlgorithm, ...SigningAlgorithm[]] {
  const details = key.asymmetricKeyDetails
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return ['EdDSA']
    case 'ec':
      if (details?.namedCurve !== 'prime256v1') throw new ConfigError(path, 'an EC key on the curve P-256')
      return ['ES256']
    case 'rsa':
      if ((details?.modulusLength ?? 0) < MIN_RSA_BITS)
        throw new ConfigError(
          path,
          `an RSA key of at least ${MIN_RSA_BITS} bits`,
          `${details?.modulusLength} bits`,
        )
      if ((details?.publicExponent ?? 0n) < MIN_RSA_EXPONENT)
        throw new ConfigError(path, `an RSA key with a public exponent of at least ${MIN_RSA_EXPONENT}`)
      if (isRoca(key)) throw new ConfigError(path, 'an RSA key without the ROCA flaw (CVE-2017-15361)')
      return ['RS256', 'PS256']
    default:
      throw new ConfigError(path, 'an Ed25519, P-256 or RSA key')
  }
}

function checkPurpose(jwk: JWK, path: string): void {
  if (jwk.use !== undefined && jwk.use !== 'sig')
    throw new ConfigError(`${path}.use`, '"sig" or left out', describeValue(jwk.use))
  const operations = jwk.key_ops
  if (operations === undefined) return
  const needed = jwk.d === undefined ? 'verify' : 'sign'
  if (!Array.isArray(operations) || !operations.includes(needed))
    throw new ConfigError(
      `${path}.key_ops`,
      `an array with "${needed}", or left out`,
      describeValue(operations),
    )
}
