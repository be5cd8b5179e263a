import { hash } from 'node:crypto'
import type { Clock } from '../../ports/clock.ts'
import { hasExpired } from '../../ports/lifetimes.ts'
import type { OnceName, OnceStore } from '../../ports/optional/once.ts'
import type { Unavailable } from '../../ports/outcome.ts'
import type { BoundKey } from '../../ports/session.ts'
import type { SessionReading, SessionStore } from '../../ports/sessions.ts'
import type { Caller } from '../../seam/caller.ts'
import { readBrowserProof } from '../../tokens/proofs/browser-proof.ts'
import type { Emit } from '../../watch/events.ts'
import type { SessionSettings } from '../settings.ts'
import type { BoundKeyTokens } from '../tokens/bound-key-tokens.ts'
import type { RefreshTicket } from '../tokens/refresh-token.ts'

export type ProveOutcome =
  /** `cookie` shows the key. */
  | { readonly kind: 'proved'; readonly cookie: string }
  /** The browser must sign this. */
  | { readonly kind: 'challenged'; readonly challenge: string }
  | { readonly kind: 'invalid' }
  /** The session is over, or bound to no key. */
  | { readonly kind: 'over' }
  | Unavailable

/**
 * Checks that a browser has the key to which the session of its refresh token is bound. Whichever generation the token is
 * of: its successor may be on its way, and the token opens nothing here.
 */
export type ProveKey = (
  ticket: RefreshTicket,
  proof: string | undefined,
  caller: Caller,
) => Promise<ProveOutcome>

export interface KeyProofParts {
  readonly store: Pick<SessionStore, 'read'>
  readonly settings: Pick<SessionSettings, 'lifetimes'>
  readonly tokens: BoundKeyTokens
  readonly once: OnceStore
  readonly emit: Emit
  readonly clock: Clock
}

/** A challenge is remembered for longer than any process accepts it, whose clocks agree by so much at least. */
const CLOCKS_APART_MS = 30_000
const NAME_CHARS = 22

export function createKeyProof({ store, settings, tokens, once, emit, clock }: KeyProofParts): ProveKey {
  function keyOf(reading: SessionReading, { transport }: RefreshTicket): BoundKey | undefined {
    if (reading.kind !== 'read' || reading.session.transport !== transport) return undefined
    const { session } = reading
    return hasExpired(session, clock.now(), settings.lifetimes) ? undefined : session.boundKey
  }

  return async (ticket, proof, caller) => {
    const { session: id } = ticket
    const stored = await store.read(id)
    if (stored.kind === 'unavailable') return stored
    const key = keyOf(stored, ticket)
    if (key === undefined) return { kind: 'over' }
    const challenge = (): ProveOutcome => ({ kind: 'challenged', challenge: tokens.challenge('prove', id) })
    if (proof === undefined) return challenge()
    const reading = await readBrowserProof(proof, key)
    if (reading.kind === 'invalid') {
      const reason = `key_proof_${reading.why}`
      emit({ event: 'request.refused', outcome: 'failure', reason, sid: id }, caller)
      return { kind: 'invalid' }
    }
    // A browser may sign a challenge that has expired meanwhile, or send a proof again whose answer was lost.
    const left = tokens.challengeLeft('prove', id, reading.challenge)
    if (left === undefined) return challenge()
    const mark = { name: nameOf(reading.challenge), keptMs: left + CLOCKS_APART_MS, at: clock.now() }
    const outcome = await once.mark(mark)
    switch (outcome.kind) {
      case 'first':
        return { kind: 'proved', cookie: tokens.cookie(id, key.jkt) }
      case 'seen':
        return challenge()
      case 'unavailable':
        return outcome
    }
  }
}

/** There is no key in the hash: while a new secret is rolled out, processes must agree on the name. */
function nameOf(challenge: string): OnceName {
  return hash('sha256', `sallyport challenge\0${challenge}`, 'base64url').slice(0, NAME_CHARS) as OnceName
}
