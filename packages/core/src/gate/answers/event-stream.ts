import { Readable } from 'node:stream'
import type { EndOnRevocation } from '../../access/connection-end.ts'
import type { Auth } from '../../seam/auth.ts'
import type { Answer } from '../../seam/http.ts'
import { refusal } from './answer.ts'

/** A stream of events to one caller, as browsers read them. */
export interface EventStream {
  /** Sends an event with some JSON. A reader who is a megabyte behind is dropped. */
  send(name: string, content: object): void
}

/**
 * Opens streams of events. Each ends with `event: end` when the caller's token is revoked or expires, and is kept open by a
 * comment every 15 seconds.
 *
 * @see [HTML Standard, server-sent events](https://html.spec.whatwg.org/multipage/server-sent-events.html)
 */
export interface EventStreams {
  /**
   * The answer to a request for a stream: 429 if this process has ten of the caller's session already.
   *
   * @param follow is given the stream, and returns what to do when the stream closes. Default: nothing but its end is told
   */
  open(auth: Auth, follow?: (stream: EventStream) => () => void): Answer
}

/** A page needs one, and shares it with its other tabs where the browser can. */
const MOST_OF_ONE_SESSION = 10
/** Proxies close connections on which nothing happened for a minute. */
const HEARTBEAT_MS = 15_000
const MOST_UNREAD_BYTES = 1_048_576

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  // What compresses or buffers would hold events back.
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
} as const
const COMMENT = ':\n\n'

export function createEventStreams(endOnRevocation: EndOnRevocation): EventStreams {
  const open = new Set<Readable>()
  /** Their end is sent, and not yet read. */
  const ending = new Set<Readable>()
  const counts = new Map<string, number>()
  let timer: NodeJS.Timeout | undefined

  function beat(): void {
    for (const body of ending) body.destroy()
    for (const body of open) body.push(COMMENT)
  }

  function push(body: Readable, name: string, content: object): void {
    body.push(`event: ${name}\ndata: ${JSON.stringify(content)}\n\n`)
  }

  function end(body: Readable): void {
    open.delete(body)
    const isBehind = body.readableFlowing !== null && body.readableLength > 0
    // What a session was told before it was revoked must not reach it later.
    if (isBehind) return void body.destroy()
    ending.add(body)
    push(body, 'end', {})
    body.push(null)
  }

  function count(session: string, change: 1 | -1): void {
    const now = (counts.get(session) ?? 0) + change
    if (now === 0) counts.delete(session)
    else counts.set(session, now)
  }

  return {
    open(auth, follow) {
      const session = auth.session ?? auth.subject
      if ((counts.get(session) ?? 0) >= MOST_OF_ONE_SESSION) return refusal('streams_limited')
      const body = new Readable({ read() {} })
      open.add(body)
      count(session, 1)
      timer ??= setInterval(beat, HEARTBEAT_MS).unref()
      let unfollow: (() => void) | undefined
      let forget: (() => void) | undefined
      body.once('close', () => {
        forget?.()
        unfollow?.()
        open.delete(body)
        ending.delete(body)
        count(session, -1)
        if (open.size + ending.size > 0) return
        clearInterval(timer)
        timer = undefined
      })
      // The first bytes send the head.
      body.push(COMMENT)
      try {
        unfollow = follow?.({
          send(name, content) {
            if (!open.has(body)) return
            push(body, name, content)
            if (body.readableLength > MOST_UNREAD_BYTES) body.destroy()
          },
        })
      } catch (cause) {
        body.destroy()
        throw cause
      }
      forget = endOnRevocation(auth, () => end(body))
      return { status: 200, headers: HEADERS, cookies: [], body }
    },
  }
}
