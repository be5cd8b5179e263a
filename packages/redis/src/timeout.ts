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
 * itself goes on, and can ask whether it is still waited for.
 */
export function within<T>(
  milliseconds: number,
  work: (isWaitedFor: () => boolean) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let waits = true
    const answered = patiently(milliseconds, () => {
      waits = false
      reject(timedOut())
    })
    work(() => waits).then(
      (value) => {
        answered()
        resolve(value)
      },
      (cause: unknown) => {
        answered()
        reject(cause)
      },
    )
  })
}
