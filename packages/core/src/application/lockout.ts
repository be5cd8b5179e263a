import { reasonOf, refuseUnknownMembers, UnavailableError } from '../errors.ts'
import type { Auth } from '../seam/auth.ts'
import type { Lockout } from '../watch/lockout/lockout.ts'
import { ownName } from './arguments.ts'

export interface Unlocked {
  /** Whether the account was locked. */
  readonly unlocked: boolean
}

/** Whose account it is, and for how long it is locked. */
export interface LockAbout {
  /** The `subject` of its user, if failures count by it. */
  readonly subject?: string | Auth | undefined
  /** How long, in seconds. Default: the option `lockout.durationSeconds`; 1 to 86,400 (1 day). */
  readonly seconds?: number | undefined
  /** Why, as the code in events. Default `locked_by_application`. */
  readonly reason?: string | undefined
}

/** What an application does with the lockout, apart from its sign-ins. */
export interface LockoutCalls {
  /**
   * Locks an account: strangers cannot sign in, and devices that have signed in before still can. Its sessions live on;
   * `sessions.revokeAll` ends them. A lock that lasts longer already stays. Rejects with an `UnavailableError` while the
   * store does not answer, and with a `ConfigError` if the store keeps no counters.
   *
   * @param name the name of the account, in any spelling
   */
  lock(name: string, about?: LockAbout): Promise<void>
  /**
   * Unlocks an account, such as when its user has set a new password or has called the help desk. Earlier failures no
   * longer count, those of known devices included. Rejects with an `UnavailableError` while the
   * store does not answer, and with a `ConfigError` if the store keeps no counters.
   *
   * @param name the name of the account, in any spelling
   * @param about the `subject` of its user, if failures count by it
   */
  unlock(name: string, about?: { readonly subject?: string | Auth | undefined }): Promise<Unlocked>
}

const BY_APPLICATION = 'locked_by_application'
const DAY_SECONDS = 86_400

export function createLockoutCalls(lockout: Pick<Lockout, 'lock' | 'unlock'>): LockoutCalls {
  return {
    async lock(name, about) {
      const reason = reasonOf('lockout.lock', about, BY_APPLICATION, ['subject', 'seconds', 'reason'])
      checkName('lockout.lock', name)
      const forMs = millisecondsOf(about?.seconds)
      const outcome = await lockout.lock({ name, subject: subjectIn(about), reason, forMs })
      if (outcome.kind === 'unavailable') throw new UnavailableError()
    },
    async unlock(name, about = {}) {
      refuseUnknownMembers('lockout.unlock', about, ['subject'])
      checkName('lockout.unlock', name)
      const outcome = await lockout.unlock(name, subjectIn(about))
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      return { unlocked: outcome.kind === 'unlocked' }
    },
  }
}

/** Failures count by the exact name, so that another one would lock nobody. */
function subjectIn({ subject }: Pick<LockAbout, 'subject'> = {}): string | undefined {
  return subject === undefined ? undefined : ownName('subject', subject)
}

function checkName(call: string, name: unknown): void {
  if (typeof name !== 'string') throw new TypeError(`${call}: the name must be a string`)
}

function millisecondsOf(seconds: number | undefined): number | undefined {
  if (seconds === undefined) return undefined
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= DAY_SECONDS) return seconds * 1000
  throw new TypeError('lockout.lock: "seconds" must be a whole number from 1 to 86,400')
}
