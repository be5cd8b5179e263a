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

/** The keys that lockouts need, of one secret. */
interface LockoutKeys {
  readonly counters: Uint8Array
  readonly knownDevices: Uint8Array
}

export interface LockoutsParts {
  /** `undefined` if the store keeps none. */
  readonly counters: CounterStore | undefined
  /** The keys of each secret, the current one first. */
  readonly secrets: readonly [LockoutKeys, ...LockoutKeys[]]
  readonly settings: LockoutSettings
  readonly callbacks: Callbacks
  readonly notice: (message: string) => void
  readonly emit: Emit
  readonly clock: Clock
  readonly random: Random
}

/**
 * Makes the lockout; `undefined` if the store cannot have one. Throws a `ConfigError` if the application relies on it
 * all the same.
 */
export function createLockouts(parts: LockoutsParts): Lockout | undefined {
  const { counters, secrets, random, notice, ...rest } = parts
  if (counters !== undefined) {
    const [current, ...earlier] = secrets
    return createLockout({
      ...{ ...rest, counters, networkOf },
      nameOf: createCounterNames(current.counters),
      accounts: createAccountNames(rest.settings.canonical, notice),
      knownDevices: createKnownDevices(
        [current.knownDevices, ...earlier.map((one) => one.knownDevices)],
        random,
      ),
    })
  }
  if (!parts.settings.isWanted) return undefined
  throw new ConfigError('store', { sentence: '"store" must keep counters, which the option "lockout" needs' })
}
