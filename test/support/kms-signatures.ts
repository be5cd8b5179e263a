import {
  constants,
  createECDH,
  createHash,
  type KeyObject,
  privateEncrypt,
  randomBytes,
  sign,
} from 'node:crypto'
import { derOf } from './der.ts'

/** Order of the curve P-256 (SEC 2, section 2.4.2). */
const N = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')
/** What stands before a SHA-256 digest in a PKCS #1 signature (RFC 8017, section 9.2). */
const DIGEST_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex')
const HASH_BYTES = 32

type MakeSignature = (message: Buffer, key: KeyObject) => Buffer

/** Signs as KMS does: a digest, which node:crypto takes only together with its message. */
export const kmsSignatures: Readonly<Record<string, MakeSignature>> = {
  ED25519_SHA_512: (message, key) => sign(null, message, key),
  ECDSA_SHA_256: signEcdsa,
  RSASSA_PKCS1_V1_5_SHA_256: (digest, key) =>
    privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, Buffer.concat([DIGEST_INFO, digest])),
  RSASSA_PSS_SHA_256: (digest, key) =>
    privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, pssEncoded(digest, key)),
}

/** FIPS 186-5, section 6.4.1. */
function signEcdsa(digest: Buffer, key: KeyObject): Buffer {
  const secret = numberOf(Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url'))
  const point = createECDH('prime256v1')
  const r = numberOf(point.generateKeys().subarray(1, 33)) % N
  const k = numberOf(point.getPrivateKey())
  const s = (power(k, N - 2n) * (numberOf(digest) + r * secret)) % N
  return derOf(bytesOf(r), bytesOf(s))
}

/** EMSA-PSS with SHA-256 and a salt as long (RFC 8017, section 9.1.1), for keys of whole bytes. */
function pssEncoded(digest: Buffer, key: KeyObject): Buffer {
  const salt = randomBytes(HASH_BYTES)
  const hash = sha256(Buffer.alloc(8), digest, salt)
  const bytes = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8
  const block = Buffer.concat([Buffer.alloc(bytes - 2 * HASH_BYTES - 2), Buffer.from([1]), salt])
  const mask = mgf1(hash, block.length)
  const masked = block.map((byte, at) => byte ^ (mask[at] ?? 0))
  masked[0] = (masked[0] ?? 0) & 0x7f
  return Buffer.concat([masked, hash, Buffer.from([0xbc])])
}

/** RFC 8017, appendix B.2.1. */
function mgf1(seed: Buffer, bytes: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(bytes / HASH_BYTES) }, (_, counter) =>
    sha256(seed, Buffer.from([0, 0, 0, counter])),
  )
  return Buffer.concat(blocks)
}

function sha256(...parts: readonly Buffer[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest()
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let square = base
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % N
    square = (square * square) % N
  }
  return result
}

function numberOf(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`)
}

function bytesOf(number: bigint): Buffer {
  return Buffer.from(number.toString(16).padStart(64, '0'), 'hex')
}
