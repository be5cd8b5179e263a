import { KeyObject } from 'node:crypto'
import * as v from 'valibot'
import type { TokenCacheSettings } from '../access/token-cache.ts'
import type { GivenKeysSettings } from '../keys/given/read-given.ts'
import type { SharedRingSettings } from '../keys/shared-ring.ts'
import { MAX_ACCESS_SECONDS } from '../ports/revocations.ts'
import type { Signer, SigningAlgorithm, VerificationKey } from '../ports/signer.ts'
import type { TokenForm } from '../tokens/forms/form.ts'
import { callable, filledArray, group, oneOf, parse, wholeNumber } from './schema.ts'

export interface AccessOptions {
  /** Seconds that an access token lives. Default 900; at most 1800. */
  readonly ttlSeconds?: number | undefined
  /** Algorithm of the key that is made at first start; with `keys`, that of the first of them. Default `EdDSA`. */
  readonly algorithm?: SigningAlgorithm | undefined
  /**
   * Seconds that a key of the store signs before the next one does. Default 2,592,000 (30 days); 3,600 (1 hour) to
   * 7,776,000 (90 days). The next one is published six minutes before. An earlier one verifies until the last token
   * that it signed is dead.
   */
  readonly rotationSeconds?: number | undefined
  /**
   * Private JWKs to use instead of keys in the store: the first signs, all of them verify. Those after it may be
   * public. With `signers` all of them may be, and none signs.
   */
  readonly keys?: readonly object[] | undefined
  /**
   * Keys that never leave an HSM or a key management service, to use instead of keys in the store: `pkcs11Signer()`,
   * `awsKmsSigner()`. The first signs, all of them verify.
   */
  readonly signers?: readonly (Signer & VerificationKey)[] | undefined
  /** What a process remembers of the access tokens that it verified. */
  readonly cache?: CacheOptions | undefined
}

export interface CacheOptions {
  /** Tokens at most. Make room for those of fifteen minutes' users. Default 100,000; at least 1. */
  readonly entries?: number | undefined
  /** Bytes at most, by estimate. Default 167,772,160 (160 MiB); at least 65,536. */
  readonly bytes?: number | undefined
}

export interface AccessSettings {
  readonly form: TokenForm['kind']
  readonly accessSeconds: number
  readonly givenKeys: GivenKeysSettings
  readonly newKeys: SharedRingSettings
  readonly tokenCache: TokenCacheSettings
}

const DAY = 86_400
const jwk = v.looseObject({}, 'a JWK (RFC 7517)')
const signerMessage = 'a signer such as pkcs11Signer() or awsKmsSigner()'
const signer = v.pipe(
  callable<Signer & VerificationKey>(signerMessage, 'sign'),
  v.check(
    ({ kid, alg, publicKey }) =>
      typeof kid === 'string' &&
      typeof alg === 'string' &&
      publicKey instanceof KeyObject &&
      publicKey.type === 'public',
    signerMessage,
  ),
)

const schema = v.object({
  accessToken: v.optional(oneOf('jwt', 'encrypted', 'reference'), 'jwt'),
  access: v.optional(
    group({
      ttlSeconds: v.optional(wholeNumber(1, MAX_ACCESS_SECONDS), 900),
      algorithm: v.optional(oneOf('EdDSA', 'ES256', 'RS256', 'PS256')),
      rotationSeconds: v.optional(wholeNumber(3600, 90 * DAY), 30 * DAY),
      keys: v.optional(filledArray(jwk, 'an array of JWKs')),
      signers: v.optional(filledArray(signer, 'an array of signers')),
      cache: v.optional(
        group({
          entries: v.optional(wholeNumber(1, 10_000_000), 100_000),
          bytes: v.optional(wholeNumber(64 * 1024, 64 * 1024 ** 3), 160 * 1024 ** 2),
        }),
        {},
      ),
    }),
    {},
  ),
})

/** Private keys are never shown. */
const mayShow = (path: string): boolean => !path.startsWith('access.keys')

export function parseAccess(given: object): AccessSettings {
  const { accessToken, access } = parse(schema, given, { mayShow })
  const { ttlSeconds, algorithm, rotationSeconds, keys, signers, cache } = access
  return {
    form: accessToken,
    accessSeconds: ttlSeconds,
    givenKeys: { keys, signers, algorithm },
    newKeys: { alg: algorithm ?? 'EdDSA', rotateEveryMs: rotationSeconds * 1000 },
    tokenCache: cache,
  }
}
