import type { Auth } from '../seam/auth.ts'

/** Where a guard has what it shows about callers. */
export const PROOF: unique symbol = Symbol('proof')

/** Shows that callers have these claims: what `requireClaim` makes, and what `getAuth` takes to type them. */
export interface ClaimProof<Proven> {
  readonly [PROOF]: (auth: Auth) => auth is Auth & { readonly claims: Proven }
}

/** A caller of whom a {@link ClaimProof} has shown something; without one, an `Auth` like any other. */
export type AuthWith<Proven> = unknown extends Proven ? Auth : Auth & { readonly claims: Proven }

/** Gives what was made of a guard the proof that the guard has, if it has one. */
export function withProofOf<Made>(guard: object, made: Made): Made {
  return PROOF in guard ? (Object.assign(made as object, { [PROOF]: guard[PROOF] }) as Made) : made
}
