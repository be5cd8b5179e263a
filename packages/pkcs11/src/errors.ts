import { SallyportError } from '@sallyport/core/signer'

/**
 * Why the HSM did not do what it was asked to.
 *
 * - `timeout`: no signature within the time allowed
 * - `busy`: too many signatures are waiting already
 * - `closed`: the signer was closed
 * - `failed`: the HSM refused or cannot be reached
 */
export type Pkcs11Failure = 'timeout' | 'busy' | 'closed' | 'failed'

/** The HSM did not do what it was asked to. The call may be repeated, unless the signer was closed. */
export class Pkcs11Error extends SallyportError {
  override readonly name = 'Pkcs11Error'
  readonly code = 'ERR_PKCS11'
  readonly kind: Pkcs11Failure
  /** What the PKCS#11 library returned, such as `CKR_DEVICE_REMOVED`; `undefined` if that is not the reason. */
  readonly returned: string | undefined

  constructor(kind: Pkcs11Failure, message: string, returned?: string) {
    super(message)
    this.kind = kind
    this.returned = returned
  }
}

/** The name of the value that the library returned; `undefined` for any other error. */
export function returnedBy(error: unknown): string | undefined {
  if (error instanceof Pkcs11Error) return error.returned
  return error instanceof Error ? /\bCKR_[A-Z0-9_]+/.exec(error.message)?.[0] : undefined
}

/** Converts an error of the library to a `Pkcs11Error`. Any other error is a bug and is returned as it is. */
export function asPkcs11Error(error: unknown): unknown {
  const returned = returnedBy(error)
  if (returned === undefined || error instanceof SallyportError) return error
  return new Pkcs11Error('failed', `the HSM failed: ${returned}`, returned)
}
