import { ClientError } from './errors.ts'

/** What tabs tell each other. */
export type Message =
  | {
      readonly kind: 'token'
      readonly epoch: number
      readonly turn: number
      readonly token: string
      readonly lifetimeMs: number
      readonly leftMs: number
    }
  | { readonly kind: 'out'; readonly epoch: number; readonly by: 'elsewhere' | 'ended' }
  /** Whoever has a good token tells it. */
  | { readonly kind: 'ask' }

/** The other tabs, and workers, of this origin. Outside of browsers there are none. */
export interface Tabs {
  tell(message: Message): void
  /** Takes a step while no other tab takes one. Without Web Locks, tabs take them at the same time. */
  alone<T>(step: () => Promise<T>): Promise<T>
  /** Listens again, after `rest`. */
  listen(): void
  /** Listens no more: a page that is left is kept in memory only if it has nothing open. */
  rest(): void
}

/** @param waitMs how long to wait for the steps of other tabs */
export function joinTabs(name: string, waitMs: number, hear: (message: Message) => void): Tabs {
  // A server has these as well, for all its users together.
  const isPage = globalThis.location !== undefined
  let channel: BroadcastChannel | undefined

  function listen(): void {
    if (channel !== undefined || !isPage || typeof BroadcastChannel === 'undefined') return
    channel = new BroadcastChannel(name)
    channel.onmessage = ({ data }: MessageEvent<Message>) => hear(data)
  }

  listen()
  return {
    listen,
    rest() {
      channel?.close()
      channel = undefined
    },
    tell: (message) => channel?.postMessage(message),
    async alone(step) {
      const locks = isPage ? globalThis.navigator?.locks : undefined
      if (locks === undefined) return step()
      let isHeld = false
      try {
        return await locks.request(name, { signal: AbortSignal.timeout(waitMs) }, () => {
          isHeld = true
          return step()
        })
      } catch (cause) {
        if (isHeld) throw cause
        throw new ClientError('another tab takes too long to refresh', { cause })
      }
    },
  }
}
