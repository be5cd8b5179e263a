/** The outcome of fetching a JSON document. A `reason` is a clause about the issuer, such as `it answered 500`. */
export type FetchedDocument =
  | { readonly kind: 'read'; readonly json: unknown }
  /** The server has no such document (404). */
  | { readonly kind: 'absent'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }

const MAX_DOCUMENT_BYTES = 512 * 1024
const MAX_ANSWER_BYTES = 64 * 1024
const ERROR_CODE = /^[A-Z][A-Z0-9_]{1,63}$/

/**
 * Fetches a JSON document of at most 512 KiB. Does not follow redirects.
 *
 * @param signal aborts the wait for the answer as well as the reading of its body
 */
export function fetchDocument(url: URL, signal: AbortSignal): Promise<FetchedDocument> {
  const headers = { accept: 'application/json, application/jwk-set+json' }
  return fetchJson(url, { headers, signal }, MAX_DOCUMENT_BYTES)
}

/** A form to post, with the credentials of the client that posts it. */
export interface Form {
  /** The value of the `Authorization` header. */
  readonly authorization: string
  readonly body: URLSearchParams
}

/**
 * Posts a form, and reads the JSON that is answered: at most 64 KiB. Does not follow redirects.
 *
 * @param signal aborts the wait for the answer as well as the reading of its body
 */
export function postForm(
  url: URL,
  { authorization, body }: Form,
  signal: AbortSignal,
): Promise<FetchedDocument> {
  const headers = { accept: 'application/json', authorization }
  return fetchJson(url, { method: 'POST', headers, body, signal }, MAX_ANSWER_BYTES)
}

async function fetchJson(
  url: URL,
  request: RequestInit & { readonly signal: AbortSignal },
  maxBytes: number,
): Promise<FetchedDocument> {
  try {
    const { status, body } = await fetch(url, { ...request, redirect: 'manual' })
    if (status === 200 && body !== null) return await readDocument(body, maxBytes)
    await body?.cancel()
    return { kind: status === 404 ? 'absent' : 'failed', reason: `it answered ${status}` }
  } catch (cause) {
    return { kind: 'failed', reason: request.signal.aborted ? 'it did not answer in time' : reasonOf(cause) }
  }
}

async function readDocument(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<FetchedDocument> {
  const bytes = await readBounded(body, maxBytes)
  if (bytes === undefined) return { kind: 'failed', reason: `its answer is longer than ${maxBytes} bytes` }
  try {
    return { kind: 'read', json: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) }
  } catch {
    return { kind: 'failed', reason: 'its answer is not JSON' }
  }
}

/** Reads a body; `undefined` if it is too long, and then the rest of it is not read. */
async function readBounded(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(maxBytes)
  let length = 0
  for await (const chunk of body) {
    if (length + chunk.length > maxBytes) return undefined
    bytes.set(chunk, length)
    length += chunk.length
  }
  return bytes.subarray(0, length)
}

/**
 * Why a connection failed, by its error code. The message of the error is left out, because it may repeat what the
 * server sent.
 */
function reasonOf(cause: unknown): string {
  const { code } = Object(Object(cause).cause)
  return typeof code === 'string' && ERROR_CODE.test(code)
    ? `it cannot be reached (${code})`
    : 'it cannot be reached'
}
