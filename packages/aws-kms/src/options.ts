import type { KMSClient } from '@aws-sdk/client-kms'
import { type SigningAlgorithm, schema } from '@sallyport/core/signer'

/** What `awsKmsSigner` takes. */
export interface AwsKmsSignerOptions {
  /**
   * Your client, with its region, credentials, endpoint and retries. You destroy it. Its identity needs the
   * permissions `kms:GetPublicKey` and `kms:Sign` on the key.
   */
  readonly client: KMSClient
  /** Id, ARN or alias of an asymmetric key for signing. An alias is resolved once, at start; then the ARN is used. */
  readonly keyId: string
  /**
   * Algorithm of the tokens. `ES256` needs a key of the spec ECC_NIST_P256, and `RS256` and `PS256` one of RSA_2048,
   * RSA_3072 or RSA_4096; for these, KMS gets only a SHA-256 digest. `EdDSA` needs ECC_NIST_EDWARDS25519, and KMS
   * gets all that is signed, claims included, up to 4096 bytes.
   */
  readonly algorithm: SigningAlgorithm
  /**
   * Name of the key in tokens and in the JWK Set: 1 to 128 printable ASCII characters. Default: its RFC 7638
   * thumbprint.
   */
  readonly kid?: string | undefined
  /** Milliseconds for each call to KMS, including the client's retries. Default 1000; 50 to 60,000. */
  readonly timeoutMs?: number | undefined
  /**
   * How many signatures may be in progress at once; any more are rejected. Default 50, as many as the client has
   * sockets; 1 to 1000.
   */
  readonly concurrency?: number | undefined
}

/** The options, parsed. */
export type AwsKmsSettings = Readonly<
  Pick<AwsKmsSignerOptions, 'client' | 'keyId' | 'algorithm' | 'kid'> &
    Required<{ [Name in 'timeoutMs' | 'concurrency']: number }>
>

const { callable, group, kid, optional, parse, signingAlgorithm, string, wholeNumber } = schema

const options = group({
  client: callable<KMSClient>('a KMSClient (new KMSClient(…))', 'send'),
  keyId: string(/^\S{1,2048}$/, 'the id, ARN or alias of a key, such as "alias/access-tokens"'),
  algorithm: signingAlgorithm,
  kid: optional(kid),
  timeoutMs: optional(wholeNumber(50, 60_000), 1000),
  concurrency: optional(wholeNumber(1, 1000), 50),
})

/** An ARN holds the number of the account, and may be given in the wrong place. */
const secret: readonly string[] = ['awsKms', 'awsKms.client', 'awsKms.keyId']

/** Throws a `ConfigError` that names the wrong option. */
export function parseAwsKmsOptions(given: AwsKmsSignerOptions): AwsKmsSettings {
  return Object.freeze(parse(options, given, { path: 'awsKms', mayShow: (path) => !secret.includes(path) }))
}
