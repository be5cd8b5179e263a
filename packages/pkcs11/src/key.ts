import { ConfigError, readJwk, type SigningAlgorithm, type VerificationKey } from '@sallyport/core/signer'
import { type Cryptoki, type Handle, numberOf } from './binding.ts'
import * as ck from './constants.ts'
import { algorithms } from './mechanisms.ts'
import { attributesOf, findObjects, isFlag, readAttribute, type TokenObject } from './objects.ts'
import type { Pkcs11KeyName, SignerSettings } from './options.ts'

export interface FoundKey {
  /** The private key; valid in all sessions of the log-in. */
  readonly handle: Handle
  readonly verificationKey: VerificationKey
}

/** How to find a key, and what it must be like. */
export type WantedKey = Pick<SignerSettings, 'key' | 'algorithm' | 'kid' | 'allowExtractable'>

const PRIVATE_KEYS = { type: ck.CKA_CLASS, value: ck.CKO_PRIVATE_KEY }
const OCTET_STRING = 0x04
const PUBLIC_KEYS = { type: ck.CKA_CLASS, value: ck.CKO_PUBLIC_KEY }

/**
 * Finds the private key that the options name, and reads its public half. Throws a `ConfigError` if there is no such
 * key or more than one, or if the key may not sign or could leave the token.
 */
export async function findKey(cryptoki: Cryptoki, session: Handle, wanted: WantedKey): Promise<FoundKey> {
  const name = attributesOf(wanted.key)
  const privateKey = onlyOne(findObjects(cryptoki, session, [PRIVATE_KEYS, ...name]))
  check(privateKey, wanted)
  const id = readAttribute(privateKey, ck.CKA_ID)
  const sameKey = id === undefined ? name : [{ type: ck.CKA_ID, value: id }]
  // A token without an object for the public half may keep its attributes in the private one.
  const [publicKey = privateKey] = findObjects(cryptoki, session, [PUBLIC_KEYS, ...sameKey])
  const { algorithm: alg, kid } = wanted
  const jwk = { ...publicJwk(alg, publicKey), alg, ...(kid === undefined ? {} : { kid }) }
  return { handle: privateKey.handle, verificationKey: await readJwk(jwk, 'pkcs11.key') }
}

/** Whether the token has a private key with this name. */
export function hasKey(cryptoki: Cryptoki, session: Handle, name: Pkcs11KeyName): boolean {
  return findObjects(cryptoki, session, [PRIVATE_KEYS, ...attributesOf(name)]).length > 0
}

function onlyOne([first, second]: readonly TokenObject[]): TokenObject {
  const expected = 'the name of exactly one private key in the token'
  if (first === undefined) throw new ConfigError('pkcs11.key', expected, 'the name of none')
  if (second !== undefined) throw new ConfigError('pkcs11.key', expected, 'the name of several')
  return first
}

function check(privateKey: TokenObject, { algorithm, allowExtractable }: WantedKey): void {
  const type = readAttribute(privateKey, ck.CKA_KEY_TYPE)
  if (type === undefined || numberOf(type) !== algorithms[algorithm].keyType)
    throw new ConfigError('pkcs11.key', `a key for ${algorithm}`, 'a key of another type')
  if (!isFlag(privateKey, ck.CKA_SIGN, true))
    throw new ConfigError('pkcs11.key', 'a key that may sign', 'one without CKA_SIGN')
  if (!isFlag(privateKey, ck.CKA_PRIVATE, true))
    throw new ConfigError(
      'pkcs11.key',
      'a key that cannot be used without the PIN',
      'one without CKA_PRIVATE',
    )
  if (allowExtractable) return
  if (!isFlag(privateKey, ck.CKA_EXTRACTABLE, false))
    throw new ConfigError('pkcs11.key', 'a key that cannot leave the token', 'one with CKA_EXTRACTABLE')
  if (!isFlag(privateKey, ck.CKA_SENSITIVE, true))
    throw new ConfigError('pkcs11.key', 'a key that cannot be read', 'one without CKA_SENSITIVE')
}

function publicJwk(algorithm: SigningAlgorithm, object: TokenObject): object {
  switch (algorithm) {
    case 'ES256': {
      const point = pointOf(object, 65, 'P-256')
      return { kty: 'EC', crv: 'P-256', x: base64(point.subarray(1, 33)), y: base64(point.subarray(33)) }
    }
    case 'EdDSA':
      return { kty: 'OKP', crv: 'Ed25519', x: base64(pointOf(object, 32, 'Ed25519')) }
    case 'RS256':
    case 'PS256': {
      const n = readPublic(object, ck.CKA_MODULUS)
      const e = readPublic(object, ck.CKA_PUBLIC_EXPONENT)
      return { kty: 'RSA', n: base64(n), e: base64(e) }
    }
  }
}

/** The point should be in an OCTET STRING (PKCS #11 2.40, 2.3.3), but some tokens leave that out. */
function pointOf(object: TokenObject, size: number, curve: string): Buffer {
  const value = readPublic(object, ck.CKA_EC_POINT)
  const isWrapped = value.length === size + 2 && value[0] === OCTET_STRING && value[1] === size
  const point = isWrapped ? value.subarray(2) : value
  if (point.length !== size)
    throw new ConfigError('pkcs11.key', `a key on the curve ${curve}`, 'a key on another curve')
  return point
}

function readPublic(object: TokenObject, type: number): Buffer {
  const value = readAttribute(object, type)
  if (value === undefined)
    throw new ConfigError('pkcs11.key', 'a key whose public half is in the token too', 'a private key alone')
  return value
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64url')
}
