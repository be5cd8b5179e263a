import { ClientError } from './errors.ts'

/** Takes a step while no other one of this name is taken, in any tab. */
export type Lock = <T>(step: () => Promise<T>) => Promise<T>

/**
 * Without Web Locks, and outside of pages, steps of this client alone wait for each other: a server has locks as well, for
 * all its users together.
 *
 * @param waitMs how long to wait for the steps of others
 */
export function createLock(name: string, waitMs: number): Lock {
  const locks = globalThis.location === undefined ? undefined : globalThis.navigator?.locks
  let last: Promise<unknown> = Promise.resolve()
  return async (step) => {
    if (locks === undefined) {
      const done = last.then(step, step)
      last = done
      return done
    }
    let isHeld = false
    try {
      return await locks.request(name, { signal: AbortSignal.timeout(waitMs) }, () => {
        isHeld = true
        return step()
      })
    } catch (cause) {
      if (isHeld) throw cause
      throw new ClientError('another tab takes too long', { cause })
    }
  }
}
