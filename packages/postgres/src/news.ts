import { type RawBuilder, sql } from 'kysely'
import type { Source } from './source.ts'

/** What processes announce to each other. It is told once the transaction is committed that announces it. */
export interface News {
  /** The expression that announces something: part of a statement. It must have at most {@link MAX_NEWS_BYTES}. */
  announcing(payload: RawBuilder<string>): RawBuilder<unknown>
  on(listener: (payload: string) => void): void
  /** News may have been missed. */
  onGap(listener: () => void): void
}

/** PostgreSQL refuses 8000 bytes and more. */
export const MAX_NEWS_BYTES = 7900

export function createNews(source: Source, schema: string): News {
  const channel = `${schema}_news`
  const listeners: ((payload: string) => void)[] = []
  const gapListeners: (() => void)[] = []
  source.listen(
    channel,
    (payload) => {
      for (const listener of listeners) listener(payload)
    },
    () => {
      for (const listener of gapListeners) listener()
    },
  )
  return {
    announcing: (payload) => sql`pg_notify(${channel}, ${payload})`,
    on: (listener) => void listeners.push(listener),
    onGap: (listener) => void gapListeners.push(listener),
  }
}
