import { patiently } from '@sallyport/core/store'

/** The message of ioredis for a command that was not answered in time. */
const TIMED_OUT = 'Command timed out'

export function timedOut(): Error {
  return new Error(TIMED_OUT)
}

export function isTimeout(cause: unknown): boolean {
  return cause instanceof Error && cause.message === TIMED_OUT
}

/**
 * Rejects if work takes longer than some milliseconds, not counting those in which this process was held up. The work
 * itself goes on.
 *
 * @param again what to try instead of the work that rejected with this cause, if anything, within the same time
 */
export function within<T>(
  milliseconds: number,
  work: () => Promise<T>,
  again?: (cause: unknown) => Promise<T> | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let waits = true
    const callOff = patiently(milliseconds, () => {
      waits = false
      reject(timedOut())
    })
    const answered = (value: T): void => {
      callOff()
      resolve(value)
    }
    const failed = (cause: unknown): void => {
      callOff()
      reject(cause)
    }
    work().then(answered, (cause: unknown) => {
      const retried = waits ? again?.(cause) : undefined
      if (retried === undefined) failed(cause)
      else retried.then(answered, failed)
    })
  })
}
