import { createHash, createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto'
import type { GetPublicKeyCommandOutput } from '@aws-sdk/client-kms'
import {
  ConfigError,
  describeValue,
  readJwk,
  type Signer,
  type VerificationKey,
} from '@sallyport/core/signer'
import { AwsKmsError } from './error.ts'
import { type AwsKmsSettings, type AwsKmsSignerOptions, parseAwsKmsOptions } from './options.ts'
import { ask } from './question.ts'
import { schemes } from './schemes.ts'

/** Signs access tokens with a key that never leaves AWS KMS. */
export interface AwsKmsSigner extends Signer {
  /** The public half, with which the signatures verify. */
  readonly publicKey: KeyObject
  /** Rejects with an `AwsKmsError` while KMS does not sign; there is no queue and no retry but the client's own. */
  sign(input: Uint8Array): Promise<Uint8Array>
}

/**
 * A signer over a key in AWS KMS.
 *
 * Asks KMS for the public key once, and then for each signature, always of the key that was found at start,
 * also when its alias points elsewhere by then. Each signature is verified with the public key before it is
 * handed out, so one by another key or algorithm never is. Nothing is signed at start: a missing right to
 * sign shows at the first signature.
 *
 * Rejects with a `ConfigError` for a wrong option and for a key that does not fit, and with an
 * `AwsKmsError` when KMS is away or refuses.
 *
 * @see [Sign](https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html), of KMS
 */
export async function awsKmsSigner(options: AwsKmsSignerOptions): Promise<AwsKmsSigner> {
  const settings = parseAwsKmsOptions(options)
  const { client, keyId, algorithm, timeoutMs, concurrency } = settings
  // Not before it is needed: the client is by far the largest thing that a process with this package loads.
  const { GetPublicKeyCommand, SignCommand } = await import('@aws-sdk/client-kms')
  const found = await ask('GetPublicKey', timeoutMs, async (abortSignal) =>
    client.send(new GetPublicKeyCommand({ KeyId: keyId }), { abortSignal }),
  )
  const { kid, alg, publicKey } = await readKey(found, settings)
  const { name, hash, verification, jwsForm } = schemes[algorithm]
  const fixed = {
    KeyId: found.KeyId ?? keyId,
    SigningAlgorithm: name,
    MessageType: hash === null ? 'RAW' : 'DIGEST',
  } as const
  let underWay = 0

  /** Counts as under way until the client is done with it, which may be later than it is waited for. */
  async function send(input: Uint8Array, abortSignal: AbortSignal): Promise<Uint8Array | undefined> {
    underWay++
    try {
      const Message = hash === null ? input : createHash(hash).update(input).digest()
      return (await client.send(new SignCommand({ ...fixed, Message }), { abortSignal })).Signature
    } finally {
      underWay--
    }
  }

  return {
    kid,
    alg,
    publicKey,
    async sign(input) {
      if (underWay >= concurrency) throw new AwsKmsError(`${concurrency} signatures are under way already`)
      const given = await ask('Sign', timeoutMs, (abortSignal) => send(input, abortSignal))
      const signature = given && jwsForm(given)
      if (!signature || !verify(hash, input, { key: publicKey, ...verification }, signature))
        throw new AwsKmsError('Sign gave what is no signature of this key')
      return signature
    },
  }
}

/** The public key, if it is one for signatures of the algorithm. */
async function readKey(
  { KeyUsage, KeySpec, PublicKey }: GetPublicKeyCommandOutput,
  { algorithm, kid }: AwsKmsSettings,
): Promise<VerificationKey> {
  if (KeyUsage !== 'SIGN_VERIFY')
    throw new ConfigError('awsKms.keyId', 'a key whose usage is SIGN_VERIFY', describeValue(KeyUsage))
  const { keySpecs } = schemes[algorithm]
  if (KeySpec === undefined || !keySpecs.includes(KeySpec))
    throw new ConfigError(
      'awsKms.keyId',
      `a key of ${keySpecs.join(' or ')} for ${algorithm}`,
      describeValue(KeySpec),
    )
  const key = await readJwk({ ...jwkOf(PublicKey), kid }, 'awsKms', algorithm)
  if (key.alg !== algorithm)
    throw new ConfigError('awsKms.keyId', `a key for ${algorithm}`, `one for ${key.alg}`)
  return key
}

function jwkOf(spki: Uint8Array = new Uint8Array()): JsonWebKey {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }).export({ format: 'jwk' })
  } catch {
    throw new AwsKmsError('GetPublicKey gave what is no public key')
  }
}
