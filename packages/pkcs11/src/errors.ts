import { SallyportError } from '@sallyport/core/signer'

/**
 * - `timeout`: no signature within the time allowed
 * - `busy`: too many signatures are waited for already
 * - `closed`: the signer was closed
 * - `failed`: the HSM refused, or can't be reached
 */
export type Pkcs11Failure = 'timeout' | 'busy' | 'closed' | 'failed'

/** The HSM did not do what it was asked for; it may be asked again, unless the signer was closed. */
export class Pkcs11Error extends SallyportError {
  override readonly name = 'Pkcs11Error'
  readonly code = 'ERR_PKCS11'
  readonly kind: Pkcs11Failure
  /** The name of what the PKCS#11 library returned, as `CKR_DEVICE_REMOVED`, if that is the reason. */
  readonly returned: string | undefined

  constructor(kind: Pkcs11Failure, message: string, returned?: string) {
    super(message)
    this.kind = kind
    this.returned = returned
  }
}

/** The name of the value that the library returned; `undefined` for an error of another kind. */
export function returnedBy(error: unknown): string | undefined {
  if (error instanceof Pkcs11Error) return error.returned
  return error instanceof Error ? /\bCKR_[A-Z0-9_]+/.exec(error.message)?.[0] : undefined
}

/** What the application is told of an error of the library's; one of another kind is a bug, and stays as it is. */
export function failure(error: unknown): unknown {
  const returned = returnedBy(error)
  if (returned === undefined || error instanceof SallyportError) return error
  return new Pkcs11Error('failed', `the HSM failed: ${returned}`, returned)
}
