import { patiently } from '@sallyport/core/signer'
import { AwsKmsError } from './error.ts'

const PLAIN_NAME = /^[A-Za-z_]{1,64}$/

/**
 * Calls KMS and gives up after some milliseconds, even if the client ignores the abort signal, as it does while it
 * looks for credentials. Rejects with an `AwsKmsError`.
 *
 * @param operation name of the operation, for the error
 * @param send must not throw but reject
 */
export function callKms<T>(
  operation: string,
  timeoutMs: number,
  send: (abortSignal: AbortSignal) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = new AbortController()
    const answered = patiently(timeoutMs, () => {
      reject(new AwsKmsError(`${operation} was not answered within ${timeoutMs} ms`))
      abort.abort()
    })
    void send(abort.signal)
      .then(resolve, (cause) => reject(new AwsKmsError(`${operation} failed with ${nameOf(cause)}`)))
      .finally(answered)
  })
}

/**
 * The code of a lost connection, or the name of an error such as AccessDeniedException. Nothing else may be shown.
 */
function nameOf(cause: unknown): string {
  const { code, name }: { readonly code?: unknown; readonly name?: unknown } = Object(cause)
  for (const one of [code, name]) if (typeof one === 'string' && PLAIN_NAME.test(one)) return one
  return 'an error without a name'
}
