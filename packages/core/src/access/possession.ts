import type { ProblemCode } from '../problems.ts'
import type { Sender } from '../seam/caller.ts'
import type { RequestView } from '../seam/http.ts'
import type { CertificateOf } from './certificates.ts'
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
 * Checks that whoever sent a token has what it is bound to. A token that is bound to a key is not accepted as a bearer
 * token, nor one that is not with a proof (RFC 9449, sections 7.1 and 7.2). Uses up the proof.
 *
 * @param provenBy the request whose `DPoP` header has the proof; `undefined` for a token that was sent as a bearer token
 */
export type CheckPossession = (
  token: KnownToken,
  sender: Sender,
  provenBy: RequestView | undefined,
) => Possession | Promise<Possession>

export interface PossessionParts {
  /** `undefined` if no proofs are checked: then no token that is bound to a key is accepted. */
  readonly proofs: Proofs | undefined
  readonly certificateOf: CertificateOf
  /** The hash of the cookie by which browsers show that a token is theirs. */
  readonly fingerprintOf: (sender: Sender) => string | undefined
}

const HELD: Possession = { kind: 'held' }
const UNPROVEN = refused('token_invalid', 'token_confirmation')
const UNBOUND = refused('token_invalid', 'token_unbound')
const WITHOUT_CERTIFICATE = refused('token_invalid', 'token_certificate')
const WITHOUT_COOKIE = refused('token_invalid', 'token_cookie')

export function createPossession({ proofs, certificateOf, fingerprintOf }: PossessionParts): CheckPossession {
  return ({ token, boundTo = {} }, sender, provenBy) => {
    const { jkt, x5t, fgp } = boundTo
    if (x5t !== undefined && certificateOf(sender) !== x5t) return WITHOUT_CERTIFICATE
    if (fgp !== undefined && fingerprintOf(sender) !== fgp) return WITHOUT_COOKIE
    if (jkt === undefined) return provenBy === undefined ? HELD : UNBOUND
    if (provenBy === undefined || proofs === undefined) return UNPROVEN
    return proofs.ofToken(provenBy, { token, jkt }).then(possessionBy)
  }
}

/** What follows from the check of a proof. */
export function possessionBy(outcome: ProofOutcome): Possession {
  switch (outcome.kind) {
    case 'proved':
      return outcome.nonce === undefined ? HELD : { kind: 'held', headers: nonceHeaders(outcome.nonce) }
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
