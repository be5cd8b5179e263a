/** What came of asking for a JSON document. A `reason` follows the name of whose document it is. */
export type FetchedDocument =
  | { readonly kind: 'read'; readonly json: unknown }
  /** The server answered that there is none (404). */
  | { readonly kind: 'absent'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }

const MAX_BYTES = 512 * 1024
const ERROR_CODE = /^[A-Z][A-Z0-9_]{1,63}$/

/**
 * Fetches a JSON document of at most 512 KiB; follows no redirect.
 *
 * @param signal ends all of it: the wait for the answer, and the reading of its body
 */
export async function fetchDocument(url: URL, signal: AbortSignal): Promise<FetchedDocument> {
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json, application/jwk-set+json' },
      redirect: 'manual',
      signal,
    })
    const { status, body } = response
    if (status === 200 && body !== null) return await readDocument(body)
    await body?.cancel()
    return { kind: status === 404 ? 'absent' : 'failed', reason: `it answered ${status}` }
  } catch (cause) {
    return { kind: 'failed', reason: signal.aborted ? 'it did not answer in time' : reasonOf(cause) }
  }
}

async function readDocument(body: ReadableStream<Uint8Array>): Promise<FetchedDocument> {
  const bytes = await readBounded(body)
  if (bytes === undefined) return { kind: 'failed', reason: `its answer is longer than ${MAX_BYTES} bytes` }
  try {
    return { kind: 'read', json: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) }
  } catch {
    return { kind: 'failed', reason: 'its answer is no JSON' }
  }
}

/** `undefined` for a body that is too long; what is left of it is not read. */
async function readBounded(body: ReadableStream<Uint8Array>): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(MAX_BYTES)
  let length = 0
  for await (const chunk of body) {
    if (length + chunk.length > MAX_BYTES) return undefined
    bytes.set(chunk, length)
    length += chunk.length
  }
  return bytes.subarray(0, length)
}

/** The code of a failed connection; other texts of an error may hold what the server sent. */
function reasonOf(cause: unknown): string {
  const { code } = Object(Object(cause).cause)
  return typeof code === 'string' && ERROR_CODE.test(code)
    ? `it can't be reached (${code})`
    : `it can't be reached`
}
