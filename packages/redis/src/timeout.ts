/** The message of ioredis for a command that was not answered in time. */
const TIMED_OUT = 'Command timed out'

export function timedOut(): Error {
  return new Error(TIMED_OUT)
}

export function isTimeout(cause: unknown): boolean {
  return cause instanceof Error && cause.message === TIMED_OUT
}

/** Rejects if work takes longer than some milliseconds. The work itself goes on. */
export function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(timedOut()), milliseconds).unref()
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
