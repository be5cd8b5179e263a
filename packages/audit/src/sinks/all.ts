import { type AuditSink, type SallyportEvent, schema } from '@sallyport/core/sink'
import { createOutbox } from '../outbox.ts'

const { callable, filledArray, parse } = schema
const sinks = filledArray(
  callable<AuditSink>('an audit sink such as toFile()', 'write'),
  'at least one audit sink such as toFile()',
)

/**
 * Writes events to several sinks at the same time. If one fails, the write rejects, and only that one gets the same
 * events again. A batch takes as long as the slowest of them, and while one of them fails, nothing behind that batch gets
 * to the others. Throws a `ConfigError` if one is no sink.
 */
export function toAll(...given: readonly AuditSink[]): AuditSink {
  const all = parse(sinks, given, { path: 'toAll.sinks' })
  const ends = all.map((sink) => ({
    sink,
    outbox: createOutbox<SallyportEvent>(
      (event) => event,
      async (waiting) => {
        if (waiting.length === 0) return
        await sink.write([...waiting])
        waiting.length = 0
      },
    ),
  }))
  return {
    name: all.map(({ name }) => name).join(', '),
    write: (events) => settleAll(ends.map(({ outbox }) => outbox.write(events))),
    close: () => settleAll(ends.map(({ outbox, sink }) => outbox.close(closing(sink)))),
  }
}

const closing =
  (sink: AuditSink) =>
  async (flush: () => Promise<void>): Promise<void> => {
    try {
      await flush()
    } finally {
      await sink.close?.()
    }
  }

/** Waits for all, and rejects with what the first one that failed rejected with. */
async function settleAll(promises: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(promises)).find((one) => one.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
