import { createKnownDevices } from '../../binding/known-devices.ts'
import { networkOf } from '../../binding/networks.ts'
import { ConfigError } from '../../errors.ts'
import type { Clock, Random } from '../../ports/clock.ts'
import type { CounterStore } from '../../ports/optional/counters.ts'
import type { Callbacks } from '../callbacks.ts'
import type { Emit } from '../events.ts'
import { createAccountNames } from './account-name.ts'
import { createLockout, type Lockout, type LockoutSettings } from './lockout.ts'
import { createCounterNames } from './names.ts'

export interface LockoutsParts {
  /** `undefined` if the store keeps none. */
  readonly counters: CounterStore | undefined
  readonly counterKey: Uint8Array
  /** The current one first. */
  readonly deviceKeys: readonly [Uint8Array, ...Uint8Array[]]
  readonly settings: LockoutSettings
  readonly callbacks: Callbacks
  readonly notice: (message: string) => void
  readonly emit: Emit
  readonly clock: Clock
  readonly random: Random
}

/**
 * Makes the lockout. If the store has no counters, every call of it rejects with a `ConfigError`; so does this one if the
 * application has set any option of the lockout.
 */
export function createLockouts(parts: LockoutsParts): Lockout {
  const { counters, counterKey, deviceKeys, random, notice, ...rest } = parts
  if (counters === undefined) return withoutCounters(rest.settings)
  return createLockout({
    ...{ ...rest, counters, networkOf },
    nameOf: createCounterNames(counterKey),
    accounts: createAccountNames(rest.settings.canonical, notice),
    knownDevices: createKnownDevices(deviceKeys, random),
  })
}

function withoutCounters({ isWanted }: LockoutSettings): Lockout {
  const fault = new ConfigError('store', { sentence: '"store" has no counters, which the lockout needs' })
  if (isWanted) throw fault
  const refuse = (): Promise<never> => Promise.reject(fault)
  return { check: refuse, succeeded: refuse, failed: refuse, abandoned: refuse, lock: refuse, unlock: refuse }
}
