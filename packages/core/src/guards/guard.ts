import type { Clock } from '../ports/clock.ts'
import type { ChallengeParameters, ProblemCode } from '../problems.ts'
import type { Auth } from '../seam/auth.ts'
import type { RequestView } from '../seam/http.ts'

/** What a guard says of a verified caller. */
export type GuardVerdict =
  | { readonly kind: 'pass' }
  | {
      readonly kind: 'refuse'
      /** Such as `insufficient_scope` or `access_denied`. */
      readonly problem: ProblemCode
      /** What would have been enough, told to the client in the challenge: `{ scope: 'profile:write' }`. */
      readonly challenge?: ChallengeParameters
    }

/** Decides about a request whose access token is valid. A promise is fine where something has to be asked. */
export type Guard = (auth: Auth, view: RequestView, clock: Clock) => GuardVerdict | Promise<GuardVerdict>
