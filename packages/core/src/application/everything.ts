import { reasonOf, UnavailableError } from '../errors.ts'
import type { RevokeOptions } from '../gate/session-calls.ts'
import type { Clock } from '../ports/clock.ts'
import type { RevocationStore } from '../ports/revocations.ts'
import type { Replica } from '../revocation/replica.ts'
import type { Emit } from '../watch/events.ts'

/** Signs out everybody: see `Sallyport.revokeAll`. */
export type RevokeEverything = (options?: RevokeOptions) => Promise<void>

export interface RevokeEverythingParts {
  readonly store: Pick<RevocationStore, 'revokeAll'>
  readonly replica: Pick<Replica, 'add'>
  readonly emit: Emit
  readonly clock: Clock
}

export function createRevokeEverything(parts: RevokeEverythingParts): RevokeEverything {
  const { store, replica, emit, clock } = parts
  return async (options) => {
    const reason = reasonOf('revokeAll', options, 'revoke_all')
    const outcome = await store.revokeAll(clock.now())
    if (outcome.kind === 'unavailable') throw new UnavailableError()
    replica.add(outcome.revocation)
    emit({ event: 'token.revoked', outcome: 'success', reason })
  }
}
