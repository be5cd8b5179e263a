import { ConfigError, describeValue } from '../../errors.ts'
import { isKid, type Signer, type SigningAlgorithm, type VerificationKey } from '../../ports/signer.ts'
import { algorithmsOf, readJwk } from '../jwk/jwk.ts'
import { localSigner } from '../local-signer.ts'
import type { GivenKey } from './given-ring.ts'

/** The keys of the options, as far as they were given. */
export interface GivenKeysSettings {
  readonly keys: readonly object[] | undefined
  readonly signers: readonly (Signer & VerificationKey)[] | undefined
  readonly algorithm: SigningAlgorithm | undefined
  /** The `kid` of each key that must stay out of use. */
  readonly compromised: readonly string[]
}

/**
 * Reads the keys of the options, except compromised ones. Gives `undefined` if no keys are given: the store then keeps
 * the keys. Throws a `ConfigError` for keys that cannot be used, for two keys with the same `kid` (RFC 7517, section
 * 4.5), and if every key that can sign is compromised.
 */
export async function readGivenKeys({
  keys = [],
  signers = [],
  algorithm,
  compromised,
}: GivenKeysSettings): Promise<readonly GivenKey[] | undefined> {
  if (keys.length + signers.length === 0) return undefined
  const remote = signers.map((signer, index): GivenKey => {
    const { kid, alg, publicKey } = signer
    if (!isKid(kid))
      throw new ConfigError(
        `access.signers.${index}.kid`,
        '1 to 128 printable ASCII characters',
        describeValue(kid),
      )
    const fitting = algorithmsOf(publicKey, `access.signers.${index}.publicKey`)
    if (!fitting.includes(alg))
      throw new ConfigError(
        `access.signers.${index}.alg`,
        fitting.map((one) => `"${one}"`).join(' or '),
        describeValue(alg),
      )
    return { kid, alg, publicKey, signer }
  })
  const local = await Promise.all(keys.map((jwk, index) => readJwk(jwk, `access.keys.${index}`, algorithm)))
  const all = [
    ...remote,
    ...local.map(
      ({ privateKey, ...key }): GivenKey =>
        privateKey === undefined ? key : { ...key, signer: localSigner({ ...key, privateKey }) },
    ),
  ]
  const [first] = all
  if (first !== undefined && algorithm !== undefined && first.alg !== algorithm)
    throw new ConfigError(
      'access.algorithm',
      `"${first.alg}", the algorithm of the first key, or left out`,
      describeValue(algorithm),
    )
  if (first?.signer === undefined)
    throw new ConfigError('access.keys.0', 'a private key, since the first key signs', 'a public one')
  if (new Set(all.map(({ kid }) => kid)).size !== all.length) {
    const option = keys.length === 0 ? 'access.signers' : 'access.keys'
    throw new ConfigError(option, {
      sentence: `two keys in "${option}" have the same "kid": give each key a "kid" of its own`,
    })
  }
  const usable = all.filter(({ kid }) => !compromised.includes(kid))
  if (!usable.some(({ signer }) => signer !== undefined)) {
    const option = keys.length === 0 ? 'access.signers' : 'access.keys'
    throw new ConfigError('access.compromised', {
      sentence: `"access.compromised" lists every key that can sign: put a new one first in "${option}"`,
    })
  }
  return usable
}
