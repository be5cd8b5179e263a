/** What tabs tell each other. */
export type Message =
  | {
      readonly kind: 'token'
      readonly epoch: number
      readonly turn: number
      readonly credentials: string
      readonly lifetimeMs: number
      readonly leftMs: number
    }
  | { readonly kind: 'out'; readonly epoch: number; readonly by: 'elsewhere' | 'ended' }
  /** Whoever has a good token tells it. */
  | { readonly kind: 'ask' }

/** The other tabs, and workers, of this origin. Outside of browsers there are none. */
export interface Tabs {
  tell(message: Message): void
  /** Listens again, after `rest`. */
  listen(): void
  /** Listens no more: a page that is left is kept in memory only if it has nothing open. */
  rest(): void
}

export function joinTabs(name: string, hear: (message: Message) => void): Tabs {
  let channel: BroadcastChannel | undefined

  function listen(): void {
    // A server has channels as well, for all its users together.
    if (channel !== undefined || globalThis.location === undefined) return
    if (typeof BroadcastChannel === 'undefined') return
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
  }
}
