import { ConfigError, readJwk, type SigningAlgorithm, type VerificationKey } from '@sallyport/core/signer'
import { type Cryptoki, type Handle, numberOf } from './binding.ts'
import * as ck from './constants.ts'
import { algorithms } from './mechanisms.ts'
import { attributesOf, findObjects, isFlag, read, type TokenObject } from './objects.ts'
import type { Pkcs11KeyName, SignerSettings } from './options.ts'

export interface FoundKey {
  /** Of the private key; good in all sessions of this log-in. */
  readonly handle: Handle
  readonly open: VerificationKey
}

/** What a key is looked for by, and must be. */
export type WantedKey = Pick<SignerSettings, 'key' | 'algorithm' | 'kid' | 'allowExtractable'>

const PRIVATE_KEYS = { type: ck.CKA_CLASS, value: ck.CKO_PRIVATE_KEY }
const PUBLIC_KEYS = { type: ck.CKA_CLASS, value: ck.CKO_PUBLIC_KEY }

/**
 * Finds the private key that the options name, and reads its public half. Throws a `ConfigError` if there is
 * no such key or more than one, and if it must not sign or could leave the token.
 */
export async function findKey(cryptoki: Cryptoki, session: Handle, wanted: WantedKey): Promise<FoundKey> {
  const name = attributesOf(wanted.key)
  const secret = onlyOne(findObjects(cryptoki, session, [PRIVATE_KEYS, ...name]))
  check(secret, wanted)
  const id = read(secret, ck.CKA_ID)
  const sameKey = id === undefined ? name : [{ type: ck.CKA_ID, value: id }]
  const [open = secret] = findObjects(cryptoki, session, [PUBLIC_KEYS, ...sameKey])
  const { algorithm: alg, kid } = wanted
  const jwk = { ...publicJwk(alg, open), alg, ...(kid === undefined ? {} : { kid }) }
  return { handle: secret.handle, open: await readJwk(jwk, 'pkcs11.key') }
}

/** Whether the token has a private key of that name. */
export function hasKey(cryptoki: Cryptoki, session: Handle, name: Pkcs11KeyName): boolean {
  return findObjects(cryptoki, session, [PRIVATE_KEYS, ...attributesOf(name)]).length > 0
}

function onlyOne([first, second]: readonly TokenObject[]): TokenObject {
  const expected = 'the name of exactly one private key in the token'
  if (first === undefined) throw new ConfigError('pkcs11.key', expected, 'that of none')
  if (second !== undefined) throw new ConfigError('pkcs11.key', expected, 'that of several')
  return first
}

function check(secret: TokenObject, { algorithm, allowExtractable }: WantedKey): void {
  const type = read(secret, ck.CKA_KEY_TYPE)
  if (type === undefined || numberOf(type) !== algorithms[algorithm].keyType)
    throw new ConfigError('pkcs11.key', `a key for ${algorithm}`, 'one of another type')
  if (!isFlag(secret, ck.CKA_SIGN, true))
    throw new ConfigError('pkcs11.key', 'a key that may sign', 'one without CKA_SIGN')
  if (!isFlag(secret, ck.CKA_PRIVATE, true))
    throw new ConfigError('pkcs11.key', 'a key that is not used without the PIN', 'one without CKA_PRIVATE')
  if (allowExtractable) return
  if (!isFlag(secret, ck.CKA_EXTRACTABLE, false))
    throw new ConfigError('pkcs11.key', 'a key that does not leave the token', 'one with CKA_EXTRACTABLE')
  if (!isFlag(secret, ck.CKA_SENSITIVE, true))
    throw new ConfigError('pkcs11.key', 'a key that can not be read', 'one without CKA_SENSITIVE')
}

/** The public half, of the public object, or of the private one where the token keeps it there. */
function publicJwk(algorithm: SigningAlgorithm, open: TokenObject): object {
  switch (algorithm) {
    case 'ES256': {
      const point = pointOf(open, 65, 'P-256')
      return { kty: 'EC', crv: 'P-256', x: base64(point.subarray(1, 33)), y: base64(point.subarray(33)) }
    }
    case 'EdDSA':
      return { kty: 'OKP', crv: 'Ed25519', x: base64(pointOf(open, 32, 'Ed25519')) }
    case 'RS256':
    case 'PS256': {
      const [n, e] = [present(read(open, ck.CKA_MODULUS)), present(read(open, ck.CKA_PUBLIC_EXPONENT))]
      return { kty: 'RSA', n: base64(n), e: base64(e) }
    }
  }
}

/** The point is in an OCTET STRING (PKCS #11 2.40, 2.3.3), but not in the tokens of all makers. */
function pointOf(open: TokenObject, size: number, curve: string): Buffer {
  const given = present(read(open, ck.CKA_EC_POINT))
  const point =
    given.length === size + 2 && given[0] === 0x04 && given[1] === size ? given.subarray(2) : given
  if (point.length !== size)
    throw new ConfigError('pkcs11.key', `a key on the curve ${curve}`, 'one on another curve')
  return point
}

function present(value: Buffer | undefined): Buffer {
  if (value === undefined)
    throw new ConfigError('pkcs11.key', 'a key whose public half is in the token too', 'one without')
  return value
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64url')
}
