import { ConfigError, isSignature, type Signer, type VerificationKey } from '@sallyport/core/signer'
import { connect } from './connection.ts'
import { asPkcs11Error, Pkcs11Error } from './errors.ts'
import { openLibrary } from './library.ts'
import { algorithms } from './mechanisms.ts'
import { type Pkcs11SignerOptions, parseSignerOptions, type SignerSettings } from './options.ts'
import { createQueue, type SigningQueue } from './queue.ts'

/** Signs access tokens with a key that stays in an HSM. */
export interface Pkcs11Signer extends Signer, VerificationKey {
  /**
   * Signs bytes, in the form that JWS uses (RFC 7518, section 3). Rejects with a `Pkcs11Error` if there is no
   * signature in time, if too many are waiting, if the HSM fails or gives a signature that is not by this key, and
   * after `close`.
   */
  sign(input: Uint8Array): Promise<Uint8Array>
  /** Rejects waiting and further signatures. Releases the HSM once the signatures in progress are done. */
  close(): void
}

/**
 * Makes a signer with a key in an HSM, and tests it with one signature. Each signature is verified before it is
 * returned.
 *
 * Loads the library through pkcs11js, which you install beside this package. Signatures are made on other threads.
 * The start, the log-in and the beginning of each signature run in the calling thread, and hold up the process for as
 * long as the library takes.
 *
 * Rejects with a `ConfigError` for a wrong option: if there is no such library, token or key, if the PIN is wrong, if
 * the key could leave the token, or if it is an RSA key under 2048 bits. Rejects with a `Pkcs11Error` if the HSM
 * fails.
 *
 * @see PKCS #11 Cryptographic Token Interface Base Specification 2.40
 */
export async function pkcs11Signer(options: Pkcs11SignerOptions): Promise<Pkcs11Signer> {
  const settings = parseSignerOptions(options)
  const library = await openLibrary(settings.module)
  const connection = await connect(library, settings).catch((cause: unknown) => {
    library.release()
    throw asPkcs11Error(cause)
  })
  const queue = createQueue(library, settings, connection)
  try {
    return await testedSigner(queue, settings, connection.key.verificationKey)
  } catch (cause) {
    queue.close()
    throw cause
  }
}

/** Throws a `ConfigError` if the signature does not verify. */
async function testedSigner(
  queue: SigningQueue,
  { algorithm }: SignerSettings,
  key: VerificationKey,
): Promise<Pkcs11Signer> {
  const { prepare } = algorithms[algorithm]
  const make = (input: Uint8Array): Promise<Uint8Array> => queue.sign(prepare(input))
  const signer: Pkcs11Signer = {
    kid: key.kid,
    alg: key.alg,
    publicKey: key.publicKey,
    async sign(input) {
      // The caller may change the input meanwhile.
      const given = Buffer.from(input)
      const signature = await make(given)
      if (isSignature(key, given, signature)) return signature
      throw new Pkcs11Error('failed', 'the HSM gave something that is not a signature by this key')
    },
    close: () => queue.close(),
  }
  const input = Buffer.from('sallyport')
  if (!isSignature(key, input, await make(input)))
    throw new ConfigError('pkcs11.key', 'a key whose private and public halves belong together')
  return signer
}
