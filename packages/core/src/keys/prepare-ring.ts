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
  /** They encrypt the keys in the store. The current one is first. */
  readonly secrets: readonly [DerivedKeys, ...DerivedKeys[]]
  readonly clock: Clock
  readonly random: Random
  readonly watch: RingWatch
  /** Whether the secret was made at start, so that no other process, and no later one, can unseal the keys. */
  readonly isSecretRandom: boolean
  /** Makes a store in the memory of this process. */
  readonly memoryKeys: () => KeyStore
}

/**
 * Reads the keys in the options, and returns a function that makes the ring: of those keys, or, if there are none, of
 * keys in the store, or in this process if nobody else could unseal them. Rejects with a `ConfigError` for keys that cannot be used.
 */
export async function prepareRing({
  givenKeys,
  newKeys,
  secrets,
  clock,
  random,
  watch,
  isSecretRandom,
  memoryKeys,
}: RingParts): Promise<(store: KeyStore) => KeyRing> {
  const given = await readGivenKeys(givenKeys)
  if (given !== undefined) return (store) => createGivenRing(given, store, clock, watch)
  // Loaded lazily, because keys in the options are not encrypted.
  const { createKeySeal } = await import('./seal.ts')
  // In a store that others share, each start would leave a key there that nobody can ever use or remove.
  return (store) =>
    createSharedRing(isSecretRandom ? memoryKeys() : store, createKeySeal(secrets), newKeys, {
      clock,
      random,
      watch,
    })
}
