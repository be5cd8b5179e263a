import type { ProblemCode } from '../problems.ts'
import type { RequestView } from '../seam/http.ts'
import type { Proofs } from './dpop/index.ts'
import type { ProofOutcome } from './dpop/proof.ts'
import type { KnownToken } from './known-token.ts'

/** Header fields for the answer. */
export type AnswerFields = Readonly<Record<string, string>>

/** Whether whoever sent a token may use it. */
export type Possession =
  | { readonly kind: 'held'; readonly headers?: AnswerFields }
  | {
      readonly kind: 'refused'
      readonly problem: ProblemCode
      /** For the event; `undefined`: it is in the course of things, and not worth one. */
      readonly reason: string | undefined
      readonly headers?: AnswerFields
    }

/**
 * Checks that whoever sent a token holds the key to which it is bound. A bound token is not accepted as a bearer token, nor
 * one that is not bound with a proof (RFC 9449, sections 7.1 and 7.2). Uses up the proof.
 *
 * @param provenBy the request whose `DPoP` header has the proof; `undefined` for a token that was sent as a bearer token
 */
export type CheckPossession = (token: KnownToken, provenBy: RequestView | undefined) => Promise<Possession>

const UNPROVEN: Possession = { kind: 'refused', problem: 'token_invalid', reason: 'token_confirmation' }
const UNBOUND: Possession = { kind: 'refused', problem: 'token_invalid', reason: 'token_unbound' }

/** @param proofs `undefined` if none are checked: then no bound token is accepted */
export function createPossession(proofs: Proofs | undefined): CheckPossession {
  return async ({ token, confirmation }, provenBy) => {
    if (confirmation === undefined) return provenBy === undefined ? { kind: 'held' } : UNBOUND
    if (provenBy === undefined || proofs === undefined) return UNPROVEN
    return possessionBy(await proofs.ofToken(provenBy, { token, jkt: confirmation.jkt }))
  }
}

function possessionBy(outcome: ProofOutcome): Possession {
  switch (outcome.kind) {
    case 'proved':
      return outcome.nonce === undefined
        ? { kind: 'held' }
        : { kind: 'held', headers: nonceHeaders(outcome.nonce) }
    case 'absent':
      return refused('dpop_invalid', 'dpop_missing')
    case 'invalid':
      // The proof is right, but the token is somebody else's (RFC 9449, section 7.1, figure 16).
      return refused(outcome.why === 'holder' ? 'token_invalid' : 'dpop_invalid', `dpop_${outcome.why}`)
    case 'replayed':
      return refused('dpop_replayed', 'dpop_replayed')
    case 'use_nonce':
      return { ...refused('dpop_nonce', undefined), headers: nonceHeaders(outcome.nonce) }
    case 'unavailable':
      return refused('store_unavailable', 'store_unavailable')
  }
}

function refused(
  problem: ProblemCode,
  reason: string | undefined,
): Extract<Possession, { readonly kind: 'refused' }> {
  return { kind: 'refused', problem, reason }
}

/** An answer with a nonce must not be stored, or the nonce would come back later (RFC 9449, section 8.2). */
function nonceHeaders(nonce: string): AnswerFields {
  return { 'DPoP-Nonce': nonce, 'Cache-Control': 'no-store' }
}
