import type { KMSClient } from '@aws-sdk/client-kms'
import { ConfigError, describeValue, type SigningAlgorithm } from '@sallyport/core/signer'

/** What `awsKmsSigner` takes. */
export interface AwsKmsSignerOptions {
  /**
   * A client of yours, whose region, credentials, endpoint and retries hold; it stays yours to destroy. Its
   * identity needs the rights `kms:GetPublicKey` and `kms:Sign` on the key.
   */
  readonly client: KMSClient
  /** Id, ARN or alias of an asymmetric key for signatures. An alias is followed once, at start; then the ARN is used. */
  readonly keyId: string
  /**
   * Algorithm of the tokens. `ES256` needs a key of the spec ECC_NIST_P256, `RS256` and `PS256` one of RSA_2048,
   * RSA_3072 or RSA_4096; of these KMS gets a SHA-256 digest only. `EdDSA` needs ECC_NIST_EDWARDS25519, and
   * KMS gets all that is signed, claims included, up to 4096 bytes.
   */
  readonly algorithm: SigningAlgorithm
  /** Name of the key in tokens and in the JWK Set: 1 to 128 printable ASCII characters. Default: its RFC 7638 thumbprint. */
  readonly kid?: string | undefined
  /** Milliseconds for each question to KMS, the client's retries included. Default 1000; 50 to 60,000. */
  readonly timeoutMs?: number | undefined
  /** Signatures under way at once; one more is a rejection. Default 50, the sockets of a client; 1 to 1000. */
  readonly concurrency?: number | undefined
}

/** The options, parsed; `kid` is judged together with the key. */
export type AwsKmsSettings = Readonly<
  Pick<AwsKmsSignerOptions, 'client' | 'keyId' | 'algorithm' | 'kid'> &
    Required<{ [Name in 'timeoutMs' | 'concurrency']: number }>
>

const KNOWN: readonly string[] = ['client', 'keyId', 'algorithm', 'kid', 'timeoutMs', 'concurrency']
const ALGORITHMS: readonly SigningAlgorithm[] = ['EdDSA', 'ES256', 'RS256', 'PS256']
const KEY_ID = /^\S{1,2048}$/

/** Throws a `ConfigError` that names the wrong option. */
export function parseAwsKmsOptions(given: AwsKmsSignerOptions): AwsKmsSettings {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new ConfigError('awsKms', 'an object with client, keyId and algorithm')
  for (const name of Object.keys(given))
    if (!KNOWN.includes(name))
      throw new ConfigError(`awsKms.${name}`, 'left out, since there is no such option')
  const { client, keyId, algorithm, kid, timeoutMs = 1000, concurrency = 50 } = given
  if (typeof client?.send !== 'function') throw new ConfigError('awsKms.client', 'a KMSClient')
  // An ARN holds the number of the account, so it is never shown.
  if (typeof keyId !== 'string' || !KEY_ID.test(keyId))
    throw new ConfigError(
      'awsKms.keyId',
      'the id, ARN or alias of a key, as "alias/access-tokens"',
      keyId === undefined ? 'missing' : undefined,
    )
  if (!ALGORITHMS.includes(algorithm))
    throw new ConfigError(
      'awsKms.algorithm',
      'one of "EdDSA", "ES256", "RS256", "PS256"',
      describeValue(algorithm),
    )
  checkWhole('timeoutMs', timeoutMs, 50, 60_000)
  checkWhole('concurrency', concurrency, 1, 1000)
  return Object.freeze({ client, keyId, algorithm, kid, timeoutMs, concurrency })
}

function checkWhole(name: string, given: unknown, min: number, max: number): void {
  if (!Number.isInteger(given) || Number(given) < min || Number(given) > max)
    throw new ConfigError(`awsKms.${name}`, `a whole number from ${min} to ${max}`, describeValue(given))
}
