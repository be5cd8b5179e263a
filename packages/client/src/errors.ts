export interface ClientErrorDetails {
  readonly status?: number
  readonly retryAfterMs?: number
  readonly cause?: unknown
}

/** The server could not be asked, or did not answer as it should. Nobody was signed out by that. */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  /** The status of the answer. `undefined`: there was none. */
  readonly status: number | undefined
  /** When to try again, in milliseconds from now. */
  readonly retryAfterMs: number | undefined

  constructor(message: string, { status, retryAfterMs, cause }: ClientErrorDetails = {}) {
    super(message, { cause })
    this.status = status
    this.retryAfterMs = retryAfterMs
  }
}
