/** Waits that `close` ends, and that keep no process alive. */
export interface Waits {
  wait(milliseconds: number): Promise<void>
  isOver(): boolean
  /** Is aborted by `close`. */
  readonly signal: AbortSignal
  close(): void
}

export function createWaits(): Waits {
  const ending = new AbortController()
  const { signal } = ending
  /** What ends each wait. As many listeners of one signal would be told to the operator as a leak. */
  const waiting = new Set<() => void>()
  return {
    wait(milliseconds) {
      if (signal.aborted) return Promise.resolve()
      return new Promise((resolve) => {
        const timer = setTimeout(done, milliseconds).unref()
        waiting.add(done)
        function done(): void {
          clearTimeout(timer)
          waiting.delete(done)
          resolve()
        }
      })
    },
    isOver: () => signal.aborted,
    signal,
    close() {
      ending.abort()
      for (const end of waiting) end()
    },
  }
}
