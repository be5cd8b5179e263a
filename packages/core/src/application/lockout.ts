import { ConfigError, UnavailableError } from '../errors.ts'
import type { Lockout } from '../watch/lockout/lockout.ts'

export interface Unlocked {
  /** Whether the account was locked. */
  readonly unlocked: boolean
}

/** What an application does with the lockout, apart from its sign-ins. */
export interface LockoutCalls {
  /**
   * Unlocks an account, such as when its user has set a new password or has called the help desk. Earlier failures no
   * longer count. Devices that are locked for their own failures stay so. Rejects with an `UnavailableError` while the
   * store does not answer, and with a `ConfigError` if the store keeps no counters.
   *
   * @param name the name of the account, in any spelling
   */
  unlock(name: string): Promise<Unlocked>
}

/** @param lockout `undefined` if the store keeps no counters */
export function createLockoutCalls(lockout: Lockout | undefined): LockoutCalls {
  return {
    async unlock(name) {
      if (typeof name !== 'string') throw new TypeError('lockout.unlock: the name must be a string')
      if (lockout === undefined)
        throw new ConfigError('store', { sentence: '"store" must keep counters, which a lockout needs' })
      const outcome = await lockout.unlock(name)
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      return { unlocked: outcome.kind === 'unlocked' }
    },
  }
}
