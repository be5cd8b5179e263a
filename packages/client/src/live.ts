import { keepOpen } from './event-stream.ts'
import type { Client } from './options.ts'

/** Options of `watchSession`. */
export interface WatchOptions {
  /**
   * The event stream that ends with the session. Default `/auth/live`; outside of browsers, it must be an absolute address.
   * On another origin, that must be one of those to which the client gives its token.
   */
  readonly url?: string | undefined
}

/**
 * Lets the client find out within a second that its session was ended elsewhere, and not only at its next request. One
 * event stream serves all tabs: the tab that has it hands it on when it is closed or frozen. It ends with the token, and
 * begins again with the next one, so a session that is watched stays in use as long as a tab is open.
 *
 * Without Web Locks each tab has a stream of its own. While the server is away, the stream is tried again from time to time.
 *
 * Throws a `TypeError` if `url` is no URL.
 *
 * ```ts
 * import { createClient } from '@sallyport/client'
 * import { watchSession } from '@sallyport/client/live'
 *
 * const client = createClient()
 * client.onChange(({ state }) => console.log(state))
 * watchSession(client)
 * ```
 *
 * @returns a function that stops it
 */
export function watchSession(client: Client, { url = '/auth/live' }: WatchOptions = {}): () => void {
  const { href } = new URL(url, globalThis.location?.href)
  const locks = globalThis.location === undefined ? undefined : globalThis.navigator?.locks
  let watching: AbortController | undefined

  function start(): void {
    if (watching !== undefined) return
    watching = new AbortController()
    const { signal } = watching
    const watch = (): Promise<void> => follow(client, href, signal)
    const done = locks === undefined ? watch() : locks.request(`sallyport live ${href}`, { signal }, watch)
    // Rejects if it is stopped while another tab has the lock.
    done.catch(() => {})
  }

  function pause(): void {
    watching?.abort()
    watching = undefined
  }

  const page = globalThis.document
  globalThis.addEventListener?.('pageshow', start)
  globalThis.addEventListener?.('pagehide', pause)
  page?.addEventListener('resume', start)
  page?.addEventListener('freeze', pause)
  start()

  return () => {
    globalThis.removeEventListener?.('pageshow', start)
    globalThis.removeEventListener?.('pagehide', pause)
    page?.removeEventListener('resume', start)
    page?.removeEventListener('freeze', pause)
    pause()
  }
}

/** Keeps a stream open while somebody is signed in: a new one whenever somebody else is, or has a new session. */
async function follow(client: Client, href: string, stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted) {
    const spell = new AbortController()
    const end = (): void => spell.abort()
    const forget = client.onChange(end)
    stopped.addEventListener('abort', end)
    await keepOpen(client, href, spell.signal)
    stopped.removeEventListener('abort', end)
    forget()
  }
}
