import { KeyObject } from 'node:crypto'
import * as v from 'valibot'
import type { ApiKeySettings } from '../access/api-keys.ts'
import type { TokenCacheSettings } from '../access/token-cache.ts'
import { ConfigError } from '../errors.ts'
import type { GivenKeysSettings } from '../keys/given/read-given.ts'
import type { SharedRingSettings } from '../keys/shared-ring.ts'
import { MOST_API_KEYS } from '../ports/optional/api-keys.ts'
import { MAX_ACCESS_SECONDS } from '../ports/revocations.ts'
import type { Signer, SigningAlgorithm, VerificationKey } from '../ports/signer.ts'
import type { TokenForm } from '../tokens/forms/form.ts'
import {
  callable,
  type Entries,
  filledArray,
  group,
  kid,
  oneOf,
  type Room,
  room,
  signingAlgorithm,
  wholeNumber,
} from './values/schema.ts'

/** The access tokens of this deployment, and the keys that sign them. */
export interface WithAccess {
  /**
   * The form of access tokens. Default `jwt`.
   *
   * - `jwt`: a signed JWT, which everybody can read
   * - `encrypted`: a signed JWT that only this deployment can read
   * - `reference`: an opaque token; a process that sees it for the first time reads the session's record in the store,
   *   so it is valid only while the record exists
   */
  readonly accessToken?: 'jwt' | 'encrypted' | 'reference' | undefined
  readonly access?: AccessOptions | undefined
  /**
   * Lets users have API keys (`apiKeys.create`), which routes accept beside access tokens if they say so:
   * `authMiddleware({ apiKeys: 'accept' })`. Default: there are none.
   */
  readonly apiKeys?: ApiKeyOptions | undefined
}

export interface ApiKeyOptions {
  /** The most API keys that one user may have at once. Default 50; 1 to 200. */
  readonly perUser?: number | undefined
}

export interface AccessOptions {
  /**
   * The lifetime of an access token, in seconds. Default 900; 1 to 1800, and at most `refresh.absoluteSeconds`. No token
   * outlives its session.
   */
  readonly ttlSeconds?: number | undefined
  /**
   * The algorithm of the keys that are made in the store. Default `EdDSA`. If `keys` or `signers` are given, it must be
   * that of the first key; a key that names no algorithm then gets this one if it supports it.
   */
  readonly algorithm?: SigningAlgorithm | undefined
  /**
   * How long a key in the store signs before the next one does, in seconds. Default 2,592,000 (30 days); 3600 (1 hour)
   * to 7,776,000 (90 days). The next key is published six minutes before it signs. An earlier key verifies until the
   * last token that it signed has expired. Not for `keys` and `signers`, which you rotate.
   */
  readonly rotationSeconds?: number | undefined
  /**
   * JWKs to use instead of keys in the store (see `readKeyFile`). The first signs, so it must be private; all of them
   * verify. With `signers`, none of them signs, and all of them may be public. Default: keys in the store.
   *
   * @example
   * ```ts
   * import { createSallyport, readKeyFile } from '@sallyport/core'
   *
   * const keys = await readKeyFile('/etc/sallyport/keys.pem')
   * const sallyport = await createSallyport({ access: { keys } })
   * ```
   */
  readonly keys?: readonly object[] | undefined
  /**
   * Keys that never leave an HSM or a key management service, to use instead of keys in the store: `pkcs11Signer()`,
   * `awsKmsSigner()`. The first signs; all of them verify. Default: keys in the store.
   */
  readonly signers?: readonly (Signer & VerificationKey)[] | undefined
  /**
   * The `kid` of each key that somebody else may have. Such a key does not sign, verify or stand in the JWK Set, even if
   * an older copy of the store brings it back, or if it is among `keys` or `signers`. Add every key that you pass to
   * `keys.compromise`, and keep it here for good. Default: none.
   */
  readonly compromised?: readonly string[] | undefined
  /** The cache of access tokens that a process has verified. */
  readonly cache?: CacheOptions | undefined
}

export interface CacheOptions {
  /**
   * The most tokens to keep. There should be room for the tokens of all users who are active within fifteen minutes.
   * Default 100,000; 1 to 10,000,000.
   */
  readonly entries?: number | undefined
  /** The most bytes to use, by estimate. Default 167,772,160 (160 MiB); 65,536 (64 KiB) to 68,719,476,736 (64 GiB). */
  readonly bytes?: number | undefined
}

export interface AccessSettings {
  readonly form: TokenForm['kind']
  readonly accessSeconds: number
  readonly givenKeys: GivenKeysSettings
  readonly newKeys: SharedRingSettings
  readonly tokenCache: TokenCacheSettings
  /** `undefined`: there are no API keys. */
  readonly apiKeys: ApiKeySettings | undefined
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

const entries = {
  accessToken: v.optional(oneOf('jwt', 'encrypted', 'reference'), 'jwt'),
  access: v.optional(
    group({
      ttlSeconds: v.optional(wholeNumber(1, MAX_ACCESS_SECONDS), 900),
      algorithm: v.optional(signingAlgorithm),
      rotationSeconds: v.optional(wholeNumber(3600, 90 * DAY)),
      keys: v.optional(filledArray(jwk, 'an array of JWKs')),
      signers: v.optional(filledArray(signer, 'an array of signers')),
      compromised: v.optional(v.array(kid, 'an array of key ids'), []),
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
  apiKeys: v.optional(group({ perUser: v.optional(wholeNumber(1, MOST_API_KEYS), 50) })),
} satisfies Entries<WithAccess>

/** Errors must not show private keys. */
const mayShow = (path: string): boolean => !path.startsWith('access.keys')

export const accessRoom: Room<AccessSettings> = room(
  entries,
  ({ accessToken, access, apiKeys }) => {
    const { ttlSeconds, algorithm, rotationSeconds, keys, signers, compromised, cache } = access
    if (rotationSeconds !== undefined && (keys ?? signers) !== undefined)
      throw new ConfigError('access.rotationSeconds', {
        sentence: `"access.rotationSeconds" is for keys in the store: leave it out, or leave out "access.${keys === undefined ? 'signers' : 'keys'}"`,
      })
    return {
      form: accessToken,
      accessSeconds: ttlSeconds,
      givenKeys: { keys, signers, algorithm, compromised },
      newKeys: {
        alg: algorithm ?? 'EdDSA',
        rotateEveryMs: (rotationSeconds ?? 30 * DAY) * 1000,
        compromised,
      },
      tokenCache: cache,
      apiKeys: apiKeys && { most: apiKeys.perUser },
    }
  },
  { mayShow },
)
