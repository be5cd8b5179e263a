import type { Clock } from '../../ports/clock.ts'
import { tagOfSession } from '../../ports/ids.ts'
import { hasExpired } from '../../ports/lifetimes.ts'
import type { SessionReading, SessionStore } from '../../ports/sessions.ts'
import type { KeyProof } from '../../ports/steps/rotating.ts'
import type { Replica } from '../../revocation/replica.ts'
import { isUnproven } from '../bound-keys/unproven.ts'
import type { SessionSettings } from '../settings.ts'
import type { RefreshTicket } from '../tokens/refresh-token.ts'

/**
 * Looks at the session of a refresh token, and changes nothing. It is `unknown` once it ended, and for a token that has
 * been replaced, unless that was within the grace period: its successor may be on its way to the browser.
 *
 * @param proof absent: the session may be bound to a key that is not shown
 */
export type FindSession = (ticket: RefreshTicket, proof?: KeyProof | undefined) => Promise<SessionReading>

export interface SessionFindParts {
  readonly store: Pick<SessionStore, 'read'>
  readonly replica: Pick<Replica, 'marksOf'>
  readonly settings: Pick<SessionSettings, 'lifetimes' | 'graceMs'>
  readonly clock: Clock
}

export function createSessionFind({ store, replica, settings, clock }: SessionFindParts): FindSession {
  const { lifetimes, graceMs } = settings
  return async ({ session: id, generation, transport }, proof) => {
    const reading = await store.read(id)
    if (reading.kind !== 'read') return reading
    const { session } = reading
    const now = clock.now()
    const hasGrace = graceMs > 0 && !reading.keyed
    const isRacing = hasGrace && generation === reading.base && now - session.rotatedAt <= graceMs
    const isLive =
      session.transport === transport &&
      // The store may have lost what ended it, and not have it back yet.
      session.createdAt > replica.marksOf(tagOfSession(id)).endedUntil &&
      (generation === session.generation || isRacing) &&
      !isUnproven(session, proof, now) &&
      !hasExpired(session, now, lifetimes)
    return isLive ? reading : { kind: 'unknown' }
  }
}
