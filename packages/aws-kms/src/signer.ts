import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import type { GetPublicKeyCommandOutput } from '@aws-sdk/client-kms'
import {
  ConfigError,
  describeValue,
  isSignature,
  readJwk,
  type Signer,
  type VerificationKey,
} from '@sallyport/core/signer'
import { callKms } from './call.ts'
import { AwsKmsError } from './error.ts'
import { type AwsKmsSettings, type AwsKmsSignerOptions, parseAwsKmsOptions } from './options.ts'
import { schemes } from './schemes.ts'

/** Signs access tokens with a key that never leaves AWS KMS. */
export interface AwsKmsSigner extends Signer {
  /** Verifies the signatures. */
  readonly publicKey: KeyObject
  /**
   * Signs bytes, in the form that JWS uses. Rejects with an `AwsKmsError` if KMS does not sign, or if too many
   * signatures are in progress. Only the client retries, and nothing is queued.
   */
  sign(input: Uint8Array): Promise<Uint8Array>
}

/**
 * Makes a signer with a key in AWS KMS.
 *
 * Fetches the public key once, and calls KMS for each signature. It always uses the key that was found at start, even
 * if the alias points to another one later. Each signature is verified before it is returned, so a signature by
 * another key or algorithm never is. Nothing is signed at start: if the permission to sign is missing, the first
 * signature fails.
 *
 * Rejects with a `ConfigError` for a wrong option or a key that does not fit, and with an `AwsKmsError` if KMS does
 * not answer or refuses.
 *
 * @see [Sign](https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html) in the API reference of KMS
 */
export async function awsKmsSigner(options: AwsKmsSignerOptions): Promise<AwsKmsSigner> {
  const settings = parseAwsKmsOptions(options)
  const { client, keyId, algorithm, timeoutMs, concurrency } = settings
  // Loaded only when needed: it is by far the largest module that a process with this package loads.
  const { GetPublicKeyCommand, SignCommand } = await import('@aws-sdk/client-kms')
  const found = await callKms('GetPublicKey', timeoutMs, async (abortSignal) =>
    client.send(new GetPublicKeyCommand({ KeyId: keyId }), { abortSignal }),
  )
  const { kid, alg, publicKey } = await readKey(found, settings)
  const { name, hash, jwsForm } = schemes[algorithm]
  const fixed = {
    KeyId: found.KeyId ?? keyId,
    SigningAlgorithm: name,
    MessageType: hash === null ? 'RAW' : 'DIGEST',
  } as const
  let inProgress = 0

  /** A signature counts as in progress until the client is done with it, which may be after we gave it up. */
  async function send(input: Uint8Array, abortSignal: AbortSignal): Promise<Uint8Array | undefined> {
    inProgress++
    try {
      const Message = hash === null ? input : createHash(hash).update(input).digest()
      return (await client.send(new SignCommand({ ...fixed, Message }), { abortSignal })).Signature
    } finally {
      inProgress--
    }
  }

  return {
    kid,
    alg,
    publicKey,
    async sign(input) {
      if (inProgress >= concurrency)
        throw new AwsKmsError(`${concurrency} signatures are in progress already`)
      // The caller may change the input meanwhile.
      const given = Buffer.from(input)
      const answer = await callKms('Sign', timeoutMs, (abortSignal) => send(given, abortSignal))
      const signature = answer && jwsForm(answer)
      if (!signature || !isSignature({ alg, publicKey }, given, signature))
        throw new AwsKmsError('Sign gave something that is not a signature by this key')
      return signature
    },
  }
}

/** Throws a `ConfigError` if the key cannot sign with the algorithm. */
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
      `a key of the spec ${keySpecs.join(' or ')} for ${algorithm}`,
      describeValue(KeySpec),
    )
  const key = await readJwk({ ...jwkOf(PublicKey), kid }, 'awsKms.keyId', algorithm)
  if (key.alg !== algorithm)
    throw new ConfigError('awsKms.keyId', `a key for ${algorithm}`, `one for ${key.alg}`)
  return key
}

function jwkOf(spki: Uint8Array = new Uint8Array()): JsonWebKey {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }).export({ format: 'jwk' })
  } catch {
    throw new AwsKmsError('GetPublicKey gave something that is not a public key')
  }
}
