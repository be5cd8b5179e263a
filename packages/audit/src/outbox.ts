import type { SallyportEvent } from '@sallyport/core/sink'

/** Lets a sink be given the same events again after a failure, and keep each of them once. */
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
  let taken: ReadonlySet<SallyportEvent> = new Set()
  const flush = (): Promise<void> => deliver(waiting)
  return {
    flush,
    async write(events) {
      // Only what waits already: while nothing can be kept, no more than one batch waits here.
      if (taken.size > 0) await flush()
      const fresh = events.filter((event) => !taken.has(event))
      taken = new Set(events)
      for (const event of fresh) waiting.push(prepare(event))
      await flush()
      taken = new Set()
    },
  }
}
