/** Passes items on in batches, in their order, one batch at a time. A batch that fails is tried again. */
export interface Pump<Item> {
  push(item: Item): void
  /** How many items have not been passed on. */
  waiting(): number
  /** Ends the retries, and resolves when all is passed on, or an attempt has failed. */
  drain(): Promise<void>
  /** Passes on no further batch. */
  stop(): void
}

export interface PumpParts<Item> {
  /** Begins to pass on what was pushed, a little later, so that items of the same moment are passed on together. */
  readonly soon: (begin: () => void) => void
  /** Rejects if the batch was not taken. It is given again then. */
  readonly take: (batch: readonly Item[]) => Promise<void>
  /** Called after each batch that was taken. */
  readonly taken: () => void
  readonly failed: (cause: unknown) => void
}

/** Enough to make a batch worth its while, and few enough to be formatted without holding up the process. */
const MOST_AT_ONCE = 500
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 5000

export function createPump<Item>({ soon, take, taken, failed }: PumpParts<Item>): Pump<Item> {
  const items: Item[] = []
  let retryMs = FIRST_RETRY_MS
  let retry: NodeJS.Timeout | undefined
  let isScheduled = false
  let current: Promise<void> | undefined
  let isDraining = false
  let isStopped = false

  function schedule(): void {
    if (isScheduled || current !== undefined || retry !== undefined) return
    isScheduled = true
    soon(() => {
      isScheduled = false
      current ??= passAll()
    })
  }

  async function passAll(): Promise<void> {
    while (items.length > 0 && !isStopped) {
      const batch = items.slice(0, MOST_AT_ONCE)
      try {
        await take(batch)
      } catch (cause) {
        failed(cause)
        if (!isDraining) retryLater()
        break
      }
      items.splice(0, batch.length)
      retryMs = FIRST_RETRY_MS
      taken()
    }
    current = undefined
  }

  function retryLater(): void {
    retry = setTimeout(() => {
      retry = undefined
      schedule()
    }, retryMs)
    retry.unref()
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)
  }

  return {
    push(item) {
      items.push(item)
      schedule()
    },
    waiting: () => items.length,
    async drain() {
      isDraining = true
      clearTimeout(retry)
      retry = undefined
      await current
      current ??= passAll()
      await current
    },
    stop() {
      isStopped = true
    },
  }
}
