import type { Clock } from '../../ports/clock.ts'
import type { Lifetimes } from '../../ports/model.ts'
import type { SessionStore } from '../../ports/store.ts'
import { hasExpired } from '../../sessions/rotate.ts'
import { frozen } from '../claims.ts'
import type { OwnClaims } from '../custom-claims.ts'
import { claimsOf } from '../issue.ts'
import { judged, type TokenSource, type VerifiedToken } from '../verify.ts'
import type { References } from './reference.ts'

export interface LookUpParts {
  readonly references: References
  readonly sessions: Pick<SessionStore, 'read'>
  readonly source: TokenSource & { readonly audience: readonly [string, ...string[]] }
  readonly lifetimes: Lifetimes
  readonly ownClaims: OwnClaims | undefined
  readonly clock: Clock
}

/**
 * Verifies opaque access tokens: reads the session that one refers to, and says of the caller what a signed token of
 * that session would say.
 */
export function createLookUp({
  references,
  sessions,
  source,
  lifetimes,
  ownClaims,
  clock,
}: LookUpParts): (text: string) => Promise<VerifiedToken> {
  return async (text) => {
    const reference = references.read(text)
    if (reference === undefined) return { kind: 'invalid' }
    const reading = await sessions.read(reference.session)
    if (reading.kind === 'unavailable') return reading
    if (reading.kind === 'unknown' || hasExpired(reading.session, clock.now(), lifetimes))
      return { kind: 'invalid' }
    const session = { ...reading.session, generation: reference.generation }
    const claims = frozen(claimsOf(session, source, reference, await ownClaims?.(session)))
    return judged({ claims, kid: '', source }, clock)
  }
}
