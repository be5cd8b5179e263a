import type { Clock } from '../../ports/clock.ts'
import { hasExpired, type Lifetimes } from '../../ports/lifetimes.ts'
import type { SessionStore } from '../../ports/sessions.ts'
import { readClaims } from '../claims.ts'
import type { CustomClaims } from '../custom/custom-claims.ts'
import { claimsOf } from '../issue.ts'
import type { OwnSource } from '../source.ts'
import { judged, type VerifiedToken } from '../verify.ts'
import type { References } from './reference.ts'

export interface LookUpParts {
  readonly references: References
  readonly sessions: Pick<SessionStore, 'read'>
  readonly source: OwnSource
  readonly lifetimes: Lifetimes
  readonly customClaims: CustomClaims | undefined
  readonly clock: Clock
}

/**
 * Verifies opaque access tokens: reads the session to which the token refers, and builds the claims that a signed token
 * of that session would have.
 */
export function createLookUp({
  references,
  sessions,
  source,
  lifetimes,
  customClaims,
  clock,
}: LookUpParts): (token: string) => Promise<VerifiedToken> {
  return async (token) => {
    const reference = references.parse(token)
    if (reference === undefined) return { kind: 'invalid', why: 'reference' }
    const reading = await sessions.read(reference.session)
    if (reading.kind === 'unavailable') return { kind: 'unavailable', of: 'store' }
    if (reading.kind === 'unknown' || hasExpired(reading.session, clock.now(), lifetimes))
      return { kind: 'invalid', why: 'reference' }
    const { elevation, ...unraised } = reading.session
    const session = {
      ...unraised,
      ...(reference.raised && elevation !== undefined ? { elevation } : {}),
      generation: reference.generation,
    }
    const custom = await customClaims?.(session)
    // Goes through JSON, so that these are the claims that a signed token would have, and share nothing with objects
    // of the application: they are frozen.
    const claims = readClaims(Buffer.from(JSON.stringify(claimsOf(session, source, reference, custom))))
    if (claims === undefined) return { kind: 'invalid', why: 'claims' }
    return judged({ claims, kid: undefined, source, credential: 'access_token' }, clock)
  }
}
