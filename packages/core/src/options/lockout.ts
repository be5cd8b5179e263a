import * as v from 'valibot'
import type { LockoutSettings, OnLocked } from '../watch/lockout/lockout.ts'
import { callable, type Entries, group, type Room, room, wholeNumber } from './values/schema.ts'

/** How accounts are locked at which too many sign-ins fail. */
export interface WithLockout {
  readonly lockout?: LockoutOptions | undefined
}

/** Concerns sign-ins that go through `guardSignIn`, or through `lockout.check` and `lockout.record`. */
export interface LockoutOptions {
  /**
   * After how many failures within `windowSeconds` an account is locked. A device that has signed in to it before has as
   * many of its own. Default 5; at most 1,000,000; 0: accounts are not locked.
   */
  readonly attempts?: number | undefined
  /** How long failures count together, in seconds, from the first one on. Default 900; 1 to 86,400 (1 day). */
  readonly windowSeconds?: number | undefined
  /** How long an account stays locked, in seconds. Default 900; 1 to 86,400 (1 day). */
  readonly durationSeconds?: number | undefined
  /**
   * After how many failures within `windowSeconds` sign-ins from a network are refused, whatever the account, for
   * `durationSeconds`; those of known devices are not. Failed authentications of
   * OAuth clients count in the same way, apart from them, and the right ones are always accepted. A network is an IPv4 address, or the /64 of an IPv6 address.
   * Default 100; at most 1,000,000; 0: networks are not locked out.
   */
  readonly networkAttempts?: number | undefined
  /**
   * Gives the form of an account's name in which its spellings count together. Default: compatible characters are made
   * the same (NFKC), and case, invisible characters and outer white space do not count. If it throws or returns no string, the default is used, and
   * a notice says so.
   */
  readonly canonical?: ((name: string) => string) | undefined
  /** Called when an account is locked, such as to write to its user. Default: nobody is told; the event tells it. */
  readonly onLocked?: OnLocked | undefined
}

export interface LockoutRoomSettings {
  readonly lockout: LockoutSettings
}

const DAY = 86_400

const entries = {
  lockout: v.optional(
    group({
      attempts: v.optional(wholeNumber(0, 1_000_000), 5),
      windowSeconds: v.optional(wholeNumber(1, DAY), 900),
      durationSeconds: v.optional(wholeNumber(1, DAY), 900),
      networkAttempts: v.optional(wholeNumber(0, 1_000_000), 100),
      canonical: v.optional(callable<(name: string) => string>('a function')),
      onLocked: v.optional(callable<OnLocked>('a function')),
    }),
    {},
  ),
} satisfies Entries<WithLockout>

export const lockoutRoom: Room<LockoutRoomSettings> = room(entries, ({ lockout }, _production, given) => {
  const { attempts, networkAttempts, canonical, onLocked } = lockout
  const times = { windowMs: lockout.windowSeconds * 1000, blockMs: lockout.durationSeconds * 1000 }
  return {
    lockout: {
      account: { most: attempts === 0 ? Number.MAX_SAFE_INTEGER : attempts, ...times },
      network: networkAttempts === 0 ? undefined : { most: networkAttempts, ...times },
      canonical,
      onLocked,
      isWanted: isAnySet(given),
    },
  }
})

function isAnySet({ lockout }: WithLockout): boolean {
  return Object.values(lockout ?? {}).some((value) => value !== undefined)
}
