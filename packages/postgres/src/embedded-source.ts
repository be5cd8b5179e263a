import type { EmbeddedDatabase } from './options.ts'
import type { Row, Send, Source } from './source.ts'

/** A database in this process. It has one connection, so transactions come one after the other. */
export function createEmbeddedSource(embedded: EmbeddedDatabase): Source {
  const stops = new Set<Promise<() => Promise<void>>>()
  const sendOn =
    (connection: Pick<EmbeddedDatabase, 'query'>): Send =>
    async (text, values) => {
      const { rows } = await connection.query(text, [...values])
      return rows as readonly Row[]
    }
  return {
    address: 'the embedded database',
    send: sendOn(embedded),
    transaction: (work) => embedded.transaction((tx) => work(sendOn(tx))),
    listen(channel, onMessage) {
      const listening = embedded.listen?.(channel, onMessage)
      if (listening !== undefined) stops.add(listening)
    },
    mayHaveOthers: () => Promise.resolve(false),
    async close() {
      for (const stop of stops) await (await stop)()
    },
  }
}
