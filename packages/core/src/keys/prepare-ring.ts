import type { Clock, Random } from '../ports/clock.ts'
import type { KeyStore } from '../ports/keys.ts'
import type { DerivedKeys } from '../secrets.ts'
import { createGivenRing } from './given/given-ring.ts'
import { type GivenKeysSettings, readGivenKeys } from './given/read-given.ts'
import type { KeyRing, RingWatch } from './ring.ts'
import { createSharedRing, type SharedRingSettings } from './shared-ring.ts'

export interface RingParts {
  readonly givenKeys: GivenKeysSettings
  readonly newKeys: SharedRingSettings
  /** Encrypt the keys in the store; the current one first. */
  readonly secrets: readonly [DerivedKeys, ...DerivedKeys[]]
  readonly clock: Clock
  readonly random: Random
  readonly watch: RingWatch
}

/**
 * Reads the keys of the options, and returns what makes the ring on a store: of those keys, or else of keys that the
 * store keeps. Throws a `ConfigError` for keys that cannot be used.
 */
export async function prepareRing({
  givenKeys,
  newKeys,
  secrets,
  clock,
  random,
  watch,
}: RingParts): Promise<(store: KeyStore) => KeyRing> {
  const given = await readGivenKeys(givenKeys)
  if (given !== undefined) return (store) => createGivenRing(given, store, clock, watch)
  // What encrypts keys is loaded only where keys are kept.
  const { createKeySeal } = await import('./seal.ts')
  return (store) => createSharedRing(store, createKeySeal(secrets), newKeys, { clock, random, watch })
}
