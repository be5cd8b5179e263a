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
  return {
    wait(milliseconds) {
      if (signal.aborted) return Promise.resolve()
      return new Promise((resolve) => {
        const timer = setTimeout(done, milliseconds).unref()
        signal.addEventListener('abort', done)
        function done(): void {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          resolve()
        }
      })
    },
    isOver: () => signal.aborted,
    signal,
    close: () => ending.abort(),
  }
}
