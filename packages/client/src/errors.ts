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

/** Waits for a step. Whatever else it rejects with becomes the cause of a `ClientError`. */
export function explained<T>(step: Promise<T>, message: string): Promise<T> {
  return step.catch((cause: unknown) => {
    throw cause instanceof ClientError ? cause : new ClientError(message, { cause })
  })
}
