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
import { ConfigError } from '../errors.ts'
import type { SigningAlgorithm, SigningKey, VerificationKey } from '../ports/signer.ts'
import { isRoca } from './roca.ts'

const MIN_RSA_BITS = 2048
const MIN_RSA_EXPONENT = 65537n
const PRIVATE = { type: 'pkcs8', format: 'der' } as const
const PUBLIC = { type: 'spki', format: 'der' } as const
const KID = /^[\x21-\x7e]{1,128}$/

/** Whether a value may name a key: 1 to 128 printable ASCII characters. */
export function isKid(given: unknown): given is string {
  return typeof given === 'string' && KID.test(given)
}

/** Makes a fresh key; its `kid` is its RFC 7638 thumbprint. */
export async function generateSigningKey(alg: SigningAlgorithm): Promise<SigningKey> {
  const { privateKey, publicKey } = await generatePair(alg)
  const kid = await calculateJwkThumbprint(publicKey.export({ format: 'jwk' }) as JWK)
  return { kid, alg, privateKey, publicKey }
}

/**
 * The pair is read from its encoding, since a generated one shares a lock with the job that made it: in
 * Node 20 an export during which that job is collected as garbage waits for itself for ever.
 */
async function generatePair(alg: SigningAlgorithm): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  const privateKey = createPrivateKey({ key: await generateEncoded(alg), ...PRIVATE })
  return { privateKey, publicKey: createPublicKey(privateKey) }
}

function generateEncoded(alg: SigningAlgorithm): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const encodings = { privateKeyEncoding: PRIVATE, publicKeyEncoding: PUBLIC }
    const done = (error: Error | null, _open: Buffer, secret: Buffer): void =>
      error === null ? resolve(secret) : reject(error)
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

/** The private JWK of a key; to be sealed, never to be shown. */
export function privateJwk(key: SigningKey): JWK {
  return { ...(key.privateKey.export({ format: 'jwk' }) as JWK), kid: key.kid, alg: key.alg }
}

/**
 * Reads a private or public JWK, and refuses what must not sign or verify: symmetric keys, foreign
 * curves, RSA keys under 2048 bits or with a small exponent, an `alg`, `use` or `key_ops` for something else.
 *
 * @param path of the key in the options, for the error
 * @param preferred the algorithm of a key that names none, if it is good for it
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
    throw new ConfigError(path, 'an asymmetric key', 'a symmetric one')
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
  const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...open } = jwk
  try {
    return createPublicKey({ key: open as JsonWebKey, format: 'jwk' })
  } catch {
    throw new ConfigError(path, 'a readable EC, OKP or RSA key')
  }
}

function importPrivate(jwk: JWK, publicKey: KeyObject, path: string): KeyObject {
  let privateKey: KeyObject
  try {
    privateKey = createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' })
  } catch {
    throw new ConfigError(path, 'a readable EC, OKP or RSA private key')
  }
  if (!createPublicKey(privateKey).equals(publicKey) || !belongTogether(privateKey, publicKey))
    throw new ConfigError(path, 'a key whose private and public parts belong together')
  return privateKey
}

/** An import takes the public members as they are given: only a signature shows that they fit. */
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
  if (named === undefined) throw new ConfigError(`${path}.alg`, fitting.join(' or '), JSON.stringify(jwk.alg))
  return named
}

function algorithmsOf(key: KeyObject, path: string): readonly [SigningAlgorithm, ...SigningAlgorithm[]] {
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
        throw new ConfigError(path, `an RSA key with an exponent of at least ${MIN_RSA_EXPONENT}`)
      if (isRoca(key)) throw new ConfigError(path, 'an RSA key without the ROCA flaw (CVE-2017-15361)')
      return ['RS256', 'PS256']
    default:
      throw new ConfigError(path, 'an Ed25519, P-256 or RSA key')
  }
}

function checkPurpose(jwk: JWK, path: string): void {
  if (jwk.use !== undefined && jwk.use !== 'sig') throw new ConfigError(`${path}.use`, '"sig"')
  const operations = jwk.key_ops
  if (operations === undefined) return
  const needed = jwk.d === undefined ? 'verify' : 'sign'
  if (!Array.isArray(operations) || !operations.includes(needed))
    throw new ConfigError(`${path}.key_ops`, `a list with "${needed}"`)
}
