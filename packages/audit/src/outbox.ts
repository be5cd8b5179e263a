import type { SallyportEvent } from '@sallyport/core/sink'

/** Lets a sink be given the same events again, in the same objects, and keep each of them once. */
export interface Outbox {
  write(events: readonly SallyportEvent[]): Promise<void>
  /**
   * Takes a last step when all writes before it are done, whether they succeeded or not.
   *
   * @param step gets what delivers whatever a failure left over
   */
  close(step: (flush: () => Promise<void>) => Promise<void>): Promise<void>
}

/**
 * Does one thing at a time, in the order of the calls: a sink may be closed during a write, or be given to several
 * Sallyports.
 *
 * @param prepare makes of an event what is delivered. Called once for each event, in their order
 * @param deliver takes those that it has kept off the front of the array, and rejects if it could not keep all
 */
export function createOutbox<Item>(
  prepare: (event: SallyportEvent) => Item,
  deliver: (items: Item[]) => Promise<void>,
): Outbox {
  const waiting: Item[] = []
  /** Those that may be given again after a failure, which need not be ours if there are several sinks. */
  const taken = new WeakSet<SallyportEvent>()
  let hasFailed = false
  let last: Promise<unknown> = Promise.resolve()

  function inTurn(step: () => Promise<void>): Promise<void> {
    const done = last.then(step)
    last = done.catch(() => {})
    return done
  }

  async function flush(): Promise<void> {
    hasFailed = true
    await deliver(waiting)
    hasFailed = false
  }

  return {
    write: (events) =>
      inTurn(async () => {
        // Before anything else is taken: while nothing can be kept, no more than one batch waits here.
        if (hasFailed) await flush()
        for (const event of events) {
          if (taken.has(event)) continue
          waiting.push(prepare(event))
          taken.add(event)
        }
        await flush()
      }),
    close: (step) => inTurn(() => step(flush)),
  }
}
