import { backoffMs, retryAfterMs } from './backoff.ts'
import { ClientError } from './errors.ts'
import type { Client } from './options.ts'
import { rest, stopwatch } from './system.ts'

/** A stream that was open for so long has not failed. */
const STEADY_MS = 5000
/** A server that says nothing for so long is not there any more. Its heartbeats are 15 seconds apart. */
const SILENCE_MS = 45_000
/** No line that counts is longer. */
const LINE_LENGTH = 64

/** How a stream ended: `over`, as the server said; `broken`, and when to try again; `refused` until something changes. */
type Ending =
  | { readonly kind: 'over' | 'refused' }
  | { readonly kind: 'broken'; readonly waitMs?: number | undefined }

/** Resolves when the signal is given. */
export async function keepOpen(client: Client, href: string, signal: AbortSignal): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    const lived = stopwatch()
    const ending = await stream(client, href, signal)
    if (ending.kind === 'refused') return pause(signal)
    if (lived() > STEADY_MS) failures = 0
    // Whether the session is over is what the next stream is answered.
    if (ending.kind === 'broken' || failures > 0) {
      const asked = ending.kind === 'broken' ? (ending.waitMs ?? 0) : 0
      await pause(signal, Math.max(asked, backoffMs(failures)))
    }
    failures++
  }
}

async function stream(client: Client, href: string, signal: AbortSignal): Promise<Ending> {
  try {
    if ((await client.token()) === undefined) return { kind: 'refused' }
    const headers = { Accept: 'text/event-stream' }
    const answer = await client.fetch(href, { headers, cache: 'no-store', redirect: 'error', signal })
    if (answer.ok && answer.body !== null && (await isOver(answer.body))) return { kind: 'over' }
    return { kind: 'broken', waitMs: retryAfterMs(answer) }
  } catch (cause) {
    // Only the user can go on from there, and shall not be asked again and again.
    if (cause instanceof ClientError && cause.status === 401) return { kind: 'refused' }
    return { kind: 'broken', waitMs: cause instanceof ClientError ? cause.retryAfterMs : undefined }
  }
}

/** Reads a stream to its end. Gives whether the server said that it is one (`event: end`). */
async function isOver(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<boolean> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  try {
    let line = ''
    for (;;) {
      const read = await Promise.race([reader.read(), rest(SILENCE_MS)])
      if (!read?.value) return false
      const lines = `${line}${read.value}`.split(/\r\n|[\r\n]/)
      line = lines.pop()?.slice(0, LINE_LENGTH) ?? ''
      if (lines.some((one) => /^event: ?end$/.test(one))) return true
    }
  } finally {
    // A stream that is broken is not there to be cancelled.
    reader.cancel().catch(() => {})
  }
}

/** Resolves when the signal is given, or after so many milliseconds. */
function pause(signal: AbortSignal, mostMs?: number): Promise<void> {
  return new Promise((resolve) => {
    function done(): void {
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
    else if (mostMs !== undefined) void rest(mostMs).then(done)
  })
}
