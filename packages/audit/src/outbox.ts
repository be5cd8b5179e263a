import type { SallyportEvent } from '@sallyport/core/sink'

/** Lets a sink be given the same events again, in the same objects, and keep each of them once. */
export interface Outbox {
  write(events: readonly SallyportEvent[]): Promise<void>
  /** Delivers what a failure left over. */
  flush(): Promise<void>
}

/**
 * @param prepare makes of an event what is delivered. Called once for each event, in their order
 * @param deliver takes those that it has kept off the front of the array, and rejects if it could not keep all
 */
export function createOutbox<Item>(
  prepare: (event: SallyportEvent) => Item,
  deliver: (items: Item[]) => Promise<void>,
): Outbox {
  const waiting: Item[] = []
  /** The last batch. It may be given again after a failure that was not ours, if there are several sinks. */
  let taken: ReadonlySet<SallyportEvent> = new Set()
  let hasFailed = false

  async function flush(): Promise<void> {
    hasFailed = true
    await deliver(waiting)
    hasFailed = false
  }

  return {
    flush,
    async write(events) {
      // Before anything else is taken: while nothing can be kept, no more than one batch waits here.
      if (hasFailed) await flush()
      const fresh = events.filter((event) => !taken.has(event))
      taken = new Set(events)
      for (const event of fresh) waiting.push(prepare(event))
      await flush()
    },
  }
}
