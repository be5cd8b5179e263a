import { refuseUnknownMembers, UnavailableError } from '../errors.ts'
import type { Lockout } from '../watch/lockout/lockout.ts'

export interface Unlocked {
  /** Whether the account was locked. */
  readonly unlocked: boolean
}

/** What an application does with the lockout, apart from its sign-ins. */
export interface LockoutCalls {
  /**
   * Unlocks an account, such as when its user has set a new password or has called the help desk. Earlier failures no
   * longer count, those of known devices included. Rejects with an `UnavailableError` while the
   * store does not answer, and with a `ConfigError` if the store keeps no counters.
   *
   * @param name the name of the account, in any spelling
   * @param about the `subject` of its user, if failures count by it
   */
  unlock(name: string, about?: { readonly subject?: string | undefined }): Promise<Unlocked>
}

export function createLockoutCalls(lockout: Pick<Lockout, 'unlock'>): LockoutCalls {
  return {
    async unlock(name, about = {}) {
      refuseUnknownMembers('lockout.unlock', about, ['subject'])
      if (typeof name !== 'string') throw new TypeError('lockout.unlock: the name must be a string')
      const outcome = await lockout.unlock(name, about.subject)
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      return { unlocked: outcome.kind === 'unlocked' }
    },
  }
}
