import { ConfigError, type Signer, type VerificationKey } from '@sallyport/core/signer'
import { connect } from './connection.ts'
import { failure } from './errors.ts'
import { openLibrary } from './library.ts'
import { algorithms, isSignature } from './mechanisms.ts'
import { type Pkcs11SignerOptions, parseSignerOptions, type SignerSettings } from './options.ts'
import { createQueue, type SigningQueue } from './queue.ts'

/** Signs access tokens with a key that stays in an HSM; its public half is for the JWK Set. */
export interface Pkcs11Signer extends Signer, VerificationKey {
  /**
   * Signs bytes, in the form that JWS takes (RFC 7518, section 3). Rejects with a `Pkcs11Error` if there is no
   * signature in time, if too many are waited for, if the HSM fails, and after `close`.
   */
  sign(input: Uint8Array): Promise<Uint8Array>
  /**
   * Takes no more signatures and rejects those that wait; lets go of the HSM when those that are being made
   * are done.
   */
  close(): void
}

/**
 * Opens a key in an HSM, and makes one signature with it to see that all fits together.
 *
 * The library is loaded through pkcs11js, which is to be installed beside this package. Signatures are made on
 * other threads. What pkcs11js does in the calling thread only - the start, the log-in, the beginning of each
 * signature - holds up the process for as long as the library takes for it.
 *
 * Throws a `ConfigError` for a wrong option: no such library, token, PIN or key, a key that could leave the
 * token, an RSA key under 2048 bits. Throws a `Pkcs11Error` if the HSM fails.
 *
 * @see PKCS #11 Cryptographic Token Interface Base Specification 2.40
 */
export async function pkcs11Signer(options: Pkcs11SignerOptions): Promise<Pkcs11Signer> {
  const settings = parseSignerOptions(options)
  const library = await openLibrary(settings.module)
  const connection = await connect(library, settings).catch((cause: unknown) => {
    library.release()
    throw failure(cause)
  })
  const queue = createQueue(library, settings, connection)
  try {
    return await tried(queue, settings, connection.key.open)
  } catch (cause) {
    queue.close()
    throw cause
  }
}

async function tried(
  queue: SigningQueue,
  { algorithm }: SignerSettings,
  { kid, alg, publicKey }: VerificationKey,
): Promise<Pkcs11Signer> {
  const { prepare } = algorithms[algorithm]
  const signer: Pkcs11Signer = {
    kid,
    alg,
    publicKey,
    sign: (input) => queue.sign(prepare(input)),
    close: () => queue.close(),
  }
  const text = Buffer.from('sallyport')
  if (!isSignature(alg, publicKey, text, await signer.sign(text)))
    throw new ConfigError('pkcs11.key', 'a key whose private and public halves belong together')
  return signer
}
