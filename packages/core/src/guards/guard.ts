import type { Clock } from '../ports/clock.ts'
import type { ChallengeParameters, ProblemCode } from '../problems.ts'
import type { Auth } from '../seam/auth.ts'
import type { RequestView } from '../seam/http.ts'

/** What a guard decides about a verified caller. */
export type GuardVerdict =
  | { readonly kind: 'pass' }
  | {
      readonly kind: 'refuse'
      /** Why, such as `insufficient_scope` or `access_denied`. It determines the answer. */
      readonly problem: ProblemCode
      /** What would have sufficed, for the challenge to the client, such as `{ scope: 'profile:write' }`. */
      readonly challenge?: ChallengeParameters
    }

/**
 * Decides about a request whose access token is valid. It may return a promise, for example to ask a database; a
 * verdict without a promise is faster.
 *
 * @example
 * ```ts
 * import type { Guard } from '@sallyport/core'
 *
 * const employeesOnly: Guard = (auth) =>
 *   auth.claims.employee === true ? { kind: 'pass' } : { kind: 'refuse', problem: 'access_denied' }
 * ```
 */
export type Guard = (auth: Auth, view: RequestView, clock: Clock) => GuardVerdict | PromiseLike<GuardVerdict>
