import { ConfigError, describeValue } from '../../errors.ts'
import type { Signer, SigningAlgorithm, VerificationKey } from '../../ports/signer.ts'
import { isKid, readJwk } from '../jwk.ts'
import { localSigner } from '../local-signer.ts'
import type { GivenKey } from './given-ring.ts'

/** The keys of the options, as far as they were given. */
export interface GivenKeysSettings {
  readonly keys: readonly object[] | undefined
  readonly signers: readonly (Signer & VerificationKey)[] | undefined
  readonly algorithm: SigningAlgorithm | undefined
}

/**
 * Reads the keys of the options; `undefined` where none are given, and the ring is kept in the store. Throws a
 * `ConfigError` for keys that can't be used, and for different ones of one name (RFC 7517, section 4.5).
 */
export async function readGivenKeys({
  keys = [],
  signers = [],
  algorithm,
}: GivenKeysSettings): Promise<readonly GivenKey[] | undefined> {
  if (keys.length + signers.length === 0) return undefined
  const far = signers.map((signer, index): GivenKey => {
    const { kid, alg, publicKey } = signer
    if (!isKid(kid))
      throw new ConfigError(`access.signers.${index}.kid`, '1 to 128 printable ASCII characters')
    return { kid, alg, publicKey, signer }
  })
  const near = await Promise.all(keys.map((jwk, index) => readJwk(jwk, `access.keys.${index}`, algorithm)))
  const all = [
    ...far,
    ...near.map(
      ({ privateKey, ...key }): GivenKey =>
        privateKey === undefined ? key : { ...key, signer: localSigner({ ...key, privateKey }) },
    ),
  ]
  const [first] = all
  if (first !== undefined && algorithm !== undefined && first.alg !== algorithm)
    throw new ConfigError(
      'access.algorithm',
      `that of the first key (${first.alg})`,
      describeValue(algorithm),
    )
  if (first?.signer === undefined) throw new ConfigError('access.keys.0', 'a private key', 'a public one')
  if (new Set(all.map(({ kid }) => kid)).size !== all.length)
    throw new ConfigError(keys.length === 0 ? 'access.signers' : 'access.keys', 'keys with different kids')
  return all
}
