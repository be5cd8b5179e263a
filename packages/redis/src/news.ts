import type { Client } from './options.ts'

/** What is announced to all processes: a shard's number, or the name of something else that changed. */
export interface News {
  /** Calls back for each announcement, as text. Some may be missed. */
  on(listener: (news: string) => void): void
  /** Calls back when announcements may have been missed. */
  onGap(listener: () => void): void
}

export function createNews(client: Client, subscriber: Client, channel: string): News {
  const subscribe = (): void => {
    subscriber.subscribe(channel).catch(() => {})
  }
  if (subscriber.status === 'ready') subscribe()
  subscriber.on('ready', subscribe)
  return {
    on: (listener) => void subscriber.on('message', (_channel: string, news: string) => listener(news)),
    onGap: (listener) => void client.on('ready', listener),
  }
}
