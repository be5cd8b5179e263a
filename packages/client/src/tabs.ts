import { unlessAborted } from './system.ts'

/** What tabs tell each other. */
export type Message =
  | {
      readonly kind: 'token'
      readonly epoch: number
      readonly turn: number
      readonly credentials: string
      readonly lifetimeMs: number
      readonly leftMs: number
      /** Whether the server has just given it, and it is no answer to `ask`. */
      readonly isNew: boolean
    }
  | { readonly kind: 'out'; readonly epoch: number; readonly by: 'elsewhere' | 'ended' }
  /** Whoever has a good token tells it. */
  | { readonly kind: 'ask' }

/** How long another tab may take to tell its token. */
const ASKED_MS = 50

/** The other tabs, and workers, of this origin. Outside of browsers there are none. */
export interface Tabs {
  tell(message: Message): void
  /** Asks for a token. Resolves when something was heard, or when nobody answers. */
  ask(): Promise<void>
  /** Listens again, after `rest`. */
  listen(): void
  /** Listens no more: a page that is left is kept in memory only if it has nothing open. */
  rest(): void
}

export function joinTabs(name: string, hear: (message: Message) => void): Tabs {
  let channel: BroadcastChannel | undefined

  function listen(): void {
    // A server has channels as well, for all its users together.
    if (globalThis.location === undefined || typeof BroadcastChannel === 'undefined') return
    channel ??= new BroadcastChannel(name)
    channel.onmessage = ({ data }: MessageEvent<Message>) => hear(data)
  }

  const tell = (message: Message): void => channel?.postMessage(message)

  listen()
  return {
    listen,
    rest() {
      channel?.close()
      channel = undefined
    },
    tell,
    async ask() {
      // Nobody can answer, and the wait holds no process.
      if (channel === undefined) return
      const answered = new Promise((resolve) => channel?.addEventListener('message', resolve))
      tell({ kind: 'ask' })
      await unlessAborted(AbortSignal.timeout(ASKED_MS), answered).catch(() => {})
    },
  }
}
