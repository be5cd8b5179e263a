import type { Clock, Random } from '../ports/clock.ts'
import type { AttemptLimit, AttemptOutcome } from '../ports/optional/counters.ts'
import type { Store } from '../ports/store.ts'
import { type DerivedKeys, keysFor } from '../secrets.ts'
import { createCounterNames } from '../watch/lockout/names.ts'
import { createDocuments, type Documents } from './documents.ts'

export type { Documents } from './documents.ts'

/** What packages keep for all processes together. */
export interface SharedState {
  /** `undefined` if the store keeps none. */
  readonly documents: Documents | undefined
  /** Counts what may be done so often, by the name of who does it. `undefined` if the store counts nothing. */
  readonly attempt: ((name: string, limit: AttemptLimit) => Promise<AttemptOutcome>) | undefined
  /** A name that nothing has yet, of 22 characters of `A-Z a-z 0-9 - _`. */
  newName(): string
}

export interface SharedStateParts {
  readonly store: Pick<Store, 'documents' | 'counters'>
  readonly secrets: readonly [DerivedKeys, ...DerivedKeys[]]
  readonly notice: (message: string) => void
  readonly clock: Clock
  readonly random: Random
}

const NAME_BYTES = 16

export function createSharedState({ store, secrets, notice, clock, random }: SharedStateParts): SharedState {
  const { documents, counters } = store
  const nameOf = createCounterNames(keysFor(secrets, 'counters')[0])
  return {
    documents: documents && createDocuments(documents, secrets, notice),
    attempt:
      counters &&
      ((name, limit) => counters.attempt({ name: nameOf('package', name), limit, at: clock.now() })),
    newName: () => Buffer.from(random(NAME_BYTES)).toString('base64url'),
  }
}
