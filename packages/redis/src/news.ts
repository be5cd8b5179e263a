import type { Client } from './options.ts'

/**
 * What the processes tell each other: what was revoked (see `announcement` in `shared/feed.lua`), or `ring` for new
 * keys.
 */
export interface News {
  /** Calls back with each message. Some may be missed. */
  on(listener: (message: Buffer) => void): void
  /** Calls back when messages may have been missed. */
  onGap(listener: () => void): void
  /** Whether this process hears them now. */
  isHeard(): boolean
}

export function createNews(client: Client, subscriber: Client, channel: string): News {
  const gaps = new Set<() => void>()
  let isHeard = false
  const tellGap = (): void => {
    for (const listener of gaps) listener()
  }
  const subscribe = (): void => {
    subscriber.subscribe(channel).then(
      () => {
        isHeard = true
        tellGap()
      },
      () => {},
    )
  }
  if (subscriber.status === 'ready') subscribe()
  subscriber.on('ready', subscribe)
  subscriber.on('close', () => {
    isHeard = false
  })
  client.on('ready', tellGap)
  return {
    on: (listener) =>
      void subscriber.on('messageBuffer', (_channel: Buffer, message: Buffer) => listener(message)),
    onGap: (listener) => void gaps.add(listener),
    isHeard: () => isHeard,
  }
}
