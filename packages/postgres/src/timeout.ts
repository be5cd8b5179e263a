import { patiently } from '@sallyport/core/store'

/** Nothing was heard of the server in time. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut'
}

/**
 * Rejects with a {@link TimedOut} if work takes longer than some milliseconds, not counting those in which this process
 * was held up. The work itself goes on.
 */
export function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const callOff = patiently(milliseconds, () => reject(new TimedOut(`no answer within ${milliseconds} ms`)))
    work.then(resolve, reject).finally(callOff)
  })
}
