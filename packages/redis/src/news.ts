import type { Client } from './options.ts'

/**
 * What the processes tell each other: the number of a shard with a new revocation, or `ring` for new signing keys.
 */
export interface News {
  /** Calls back with each message. Some may be missed. */
  on(listener: (message: string) => void): void
  /** Calls back when messages may have been missed. */
  onGap(listener: () => void): void
}

export function createNews(client: Client, subscriber: Client, channel: string): News {
  const subscribe = (): void => {
    subscriber.subscribe(channel).catch(() => {})
  }
  if (subscriber.status === 'ready') subscribe()
  subscriber.on('ready', subscribe)
  return {
    on: (listener) => void subscriber.on('message', (_channel: string, message: string) => listener(message)),
    onGap: (listener) => void client.on('ready', listener),
  }
}
