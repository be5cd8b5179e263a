import type { Clock } from '../../ports/clock.ts'
import { tagOfSession } from '../../ports/ids.ts'
import type { Unavailable } from '../../ports/outcome.ts'
import type { SessionStore } from '../../ports/sessions.ts'
import type { Replica } from '../../revocation/replica.ts'
import type { Caller } from '../../seam/caller.ts'
import { readRegistration } from '../../tokens/proofs/browser-proof.ts'
import type { Emit } from '../../watch/events.ts'
import type { SessionSettings } from '../settings.ts'
import type { BoundKeyTokens } from '../tokens/bound-key-tokens.ts'
import type { RefreshTicket } from '../tokens/refresh-token.ts'

export type RegisterOutcome =
  /** `cookie` shows the key. */
  | { readonly kind: 'bound'; readonly cookie: string }
  /** The proof, or its challenge, is not good. */
  | { readonly kind: 'invalid' }
  /** The session has a key already, and keeps it. */
  | { readonly kind: 'taken' }
  /** The session is over. */
  | { readonly kind: 'unknown' }
  | Unavailable

/** Binds the session of a refresh token to the key that signed the proof, unless it is bound to one already. */
export type RegisterKey = (ticket: RefreshTicket, proof: string, caller: Caller) => Promise<RegisterOutcome>

export interface RegistrationParts {
  readonly store: Pick<SessionStore, 'bindKey'>
  readonly replica: Pick<Replica, 'marksOf'>
  readonly settings: Pick<SessionSettings, 'lifetimes'>
  readonly tokens: BoundKeyTokens
  readonly emit: Emit
  readonly clock: Clock
}

export function createRegistration(parts: RegistrationParts): RegisterKey {
  const { store, replica, settings, tokens, emit, clock } = parts
  return async (ticket, proof, caller) => {
    const { session: id } = ticket
    const refuse = (reason: string): void =>
      emit({ event: 'request.refused', outcome: 'failure', reason, sid: id }, caller)
    const at = clock.now()
    const reading = await readRegistration(proof, at)
    const why =
      reading.kind === 'invalid'
        ? reading.why
        : tokens.challengeLeft('register', id, reading.challenge) === undefined
          ? 'challenge'
          : undefined
    if (reading.kind === 'invalid' || why !== undefined) {
      refuse(`key_proof_${why}`)
      return { kind: 'invalid' }
    }
    // Whichever generation it is of: the page may have refreshed meanwhile, and the challenge came with the sign-in alone.
    const { key } = reading
    const known = replica.marksOf(tagOfSession(id))
    const outcome = await store.bindKey({ id, key, at, lifetimes: settings.lifetimes, known })
    switch (outcome.kind) {
      case 'bound': {
        const { subject: sub, client: client_id } = outcome.session
        emit({ event: 'session.bound', outcome: 'success', sub, sid: id, client_id }, caller)
        return { kind: 'bound', cookie: tokens.cookie(id, key.jkt) }
      }
      case 'taken':
        refuse('key_taken')
        return outcome
      case 'unknown':
        emit({ event: 'token.refused', outcome: 'failure', reason: 'refresh_unknown', sid: id }, caller)
        return outcome
      case 'unavailable':
        return outcome
    }
  }
}
