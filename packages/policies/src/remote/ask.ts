import { PolicyEngineError } from '../error.ts'

/** How a remote engine is asked. */
export interface Remote {
  /** For people. */
  readonly engine: string
  readonly url: string
  readonly token: string | undefined
}

/** No decision is anywhere near as long. */
const MAX_BYTES = 65_536
const ERROR_CODE = /^[A-Z][A-Z0-9_]{1,63}$/

/**
 * Sends a question as JSON, and gives the JSON of an answer with status 200. Follows no redirect, and reads no more than
 * 64 KiB. Rejects with a `PolicyEngineError` otherwise, which never says what the answer was.
 */
export async function ask(remote: Remote, question: object, signal: AbortSignal): Promise<unknown> {
  const { engine, url, token } = remote
  const body = JSON.stringify(question)
  const bytes = await answerTo(remote, () =>
    fetch(url, {
      ...{ method: 'POST', body, redirect: 'manual', signal },
      headers: {
        ...{ accept: 'application/json', 'content-type': 'application/json' },
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    }),
  )
  if (bytes === undefined) throw new PolicyEngineError(engine, `answered with more than ${MAX_BYTES} bytes`)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new PolicyEngineError(engine, 'answered with something that is not JSON')
  }
}

/** `undefined` if the answer is too long. */
async function answerTo({ engine }: Remote, send: () => Promise<Response>): Promise<Uint8Array | undefined> {
  try {
    const { status, body } = await send()
    if (status === 200 && body !== null) return await readBounded(body)
    await body?.cancel()
    throw new PolicyEngineError(engine, `answered ${status}`)
  } catch (cause) {
    if (cause instanceof PolicyEngineError) throw cause
    throw new PolicyEngineError(engine, whyUnreachable(cause))
  }
}

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

/** Tells the code of an error and nothing else, because its message may repeat what a server sent. */
function whyUnreachable(cause: unknown): string {
  const { code } = Object(Object(cause).cause)
  return typeof code === 'string' && ERROR_CODE.test(code)
    ? `cannot be reached (${code})`
    : 'cannot be reached, or did not answer in time'
}

/** A member of something that came from elsewhere. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined
}

export const stringOr = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined
