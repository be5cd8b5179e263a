import { AwsKmsError } from './error.ts'

const PLAIN = /^[A-Za-z_]{1,64}$/

/**
 * Asks KMS, and gives up after a time: also where the client does not heed the signal, as while it looks
 * for credentials. Rejects with an `AwsKmsError`.
 *
 * @param operation name of the operation, for the error
 * @param send must not throw but reject
 */
export function ask<T>(
  operation: string,
  timeoutMs: number,
  send: (abortSignal: AbortSignal) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const deadline = new AbortController()
    const late = setTimeout(() => {
      reject(new AwsKmsError(`${operation} was not answered within ${timeoutMs} ms`))
      deadline.abort()
    }, timeoutMs).unref()
    void send(deadline.signal)
      .then(resolve, (cause) => reject(new AwsKmsError(`${operation} failed with ${nameOf(cause)}`)))
      .finally(() => clearTimeout(late))
  })
}

/** The code of a lost connection, or the name of the error, as AccessDeniedException; nothing besides may be shown. */
function nameOf(cause: unknown): string {
  const { code, name }: { readonly code?: unknown; readonly name?: unknown } = Object(cause)
  for (const one of [code, name]) if (typeof one === 'string' && PLAIN.test(one)) return one
  return 'an error without a name'
}
