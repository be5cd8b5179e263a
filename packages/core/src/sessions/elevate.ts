import type { Devices } from '../binding/device.ts'
import type { Clock } from '../ports/clock.ts'
import { isSessionId, tagOfSession } from '../ports/ids.ts'
import type { Unavailable } from '../ports/outcome.ts'
import type { Elevation } from '../ports/session.ts'
import type { SessionStore } from '../ports/sessions.ts'
import type { Signer } from '../ports/signer.ts'
import type { Replica } from '../revocation/replica.ts'
import type { Auth } from '../seam/auth.ts'
import type { Visit } from '../seam/caller.ts'
import type { TokenIds } from '../tokens/issue.ts'
import type { Emit } from '../watch/events.ts'
import { checkStepUp, ELEVATED_SECONDS, type StepUp } from './arguments/step-up.ts'
import type { KeyUnavailable } from './open.ts'
import type { SessionSettings } from './settings.ts'
import type { TokenSet, TokenSets } from './tokens/token-set.ts'

/**
 * Raises the assurance of the caller's session, and issues a new access token with it. The refresh token stays as it is.
 * Rejects with a `TypeError` for a wrong member of `StepUp`, and with a `ClaimsError` as a sign-in does.
 */
export type ElevateSession = (auth: Auth, stepUp: StepUp, visit: Visit) => Promise<ElevationOutcome>

export type ElevationOutcome =
  | TokenSet
  /** The session is over. */
  | { readonly kind: 'unknown' }
  /** The caller has none here: it is of another issuer, or has an API key. */
  | { readonly kind: 'no_session' }
  | KeyUnavailable
  | Unavailable

export interface SessionElevationParts {
  readonly store: Pick<SessionStore, 'elevate'>
  readonly replica: Pick<Replica, 'marksOf'>
  readonly signer: () => Signer | undefined
  readonly tokenSets: TokenSets
  readonly devices: Devices
  readonly settings: SessionSettings
  readonly emit: Emit
  readonly clock: Clock
}

export function createSessionElevation(parts: SessionElevationParts): ElevateSession {
  const { store, replica, tokenSets, devices, settings, emit, clock } = parts
  return async ({ own, session: id, claims }, stepUp, visit) => {
    checkStepUp(stepUp)
    // Whoever calls decides what it shows, so this is no mistake of the application.
    if (!own || id === undefined || !isSessionId(id)) return { kind: 'no_session' }
    const signer = parts.signer()
    if (signer === undefined) return { kind: 'key_unavailable' }
    const at = clock.now()
    const elevation = elevationOf(stepUp, at)
    const { bindings } = devices.recognise(visit)
    const known = replica.marksOf(tagOfSession(id))
    const { lifetimes } = settings
    const outcome = await store.elevate({ id, elevation, bindings, at, lifetimes, known })
    if (outcome.kind !== 'elevated') return outcome
    const { session } = outcome
    // The new token replaces the one that was sent. One of the current generation might say too much: that its refresh
    // token has arrived, too.
    const descendant = { ...session, generation: claims.gen ?? session.generation }
    const issueFrom = Math.max(outcome.issueFrom, elevation.authenticatedAt)
    const about = { sub: session.subject, sid: session.id, client_id: session.client }
    const granted = (ids: Partial<TokenIds> = {}): void =>
      emit(
        { event: 'stepup.granted', outcome: 'success', ...reasonOf(stepUp), ...about, ...ids },
        visit.caller,
      )
    // Without a token the session has been raised all the same, and the next refresh gives one.
    const tokens = await tokenSets.issue(descendant, signer, issueFrom).catch((cause: unknown) => {
      granted()
      throw cause
    })
    if (tokens.kind === 'unsigned') {
      granted()
      return { kind: 'key_unavailable' }
    }
    granted(tokens.ids)
    return tokens
  }
}

function elevationOf({ acr, amr, seconds = ELEVATED_SECONDS }: StepUp, at: number): Elevation {
  return {
    authenticatedAt: Math.floor(at / 1000),
    until: Math.ceil(at / 1000) + seconds,
    ...(acr === undefined ? {} : { acr }),
    ...(amr === undefined ? {} : { amr: [...amr] }),
  }
}

function reasonOf({ acr }: StepUp): { readonly reason?: string } {
  return acr === undefined ? {} : { reason: acr }
}
