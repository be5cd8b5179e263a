import type { AttemptLimit, CounterName } from '../../ports/optional/counters.ts'
import type { Caller } from '../../seam/caller.ts'

/** What the application knows about an attempt to sign in. None of it may come from the client. */
export interface AboutSignIn {
  /**
   * The `subject` of the user that the name means, if there is one. Failures then count by the user instead of by the
   * name, and are told as the user's. It makes no difference to the answer. Default: unknown
   */
  readonly subject?: string | undefined
  /**
   * The session of the caller, such as `auth.session`, where a user who is signed in gives the password again. Then
   * nobody else's failures lock this caller out. Default: none
   */
  readonly session?: string | undefined
  /** Why an attempt fails, as the code in events. Default `invalid_credentials`. */
  readonly reason?: string | undefined
  /**
   * `checked`: your handler has made sure that the user meant to sign in here, as for `signIn`. Default `refuse`: a
   * cross-site request is refused with 403, unless `session` is given.
   */
  readonly crossSite?: 'refuse' | 'checked' | undefined
}

/** Who wants to sign in. */
export interface Claimant {
  /** What was typed to name the account. */
  readonly name: string
  readonly about: AboutSignIn
  /** What the device keeps from earlier sign-ins: see {@link KnownDevices}. */
  readonly marks: string | undefined
  readonly caller: Caller
}

/** A counter that an attempt was counted with. */
export interface Counted {
  readonly name: CounterName
  readonly limit: AttemptLimit
  readonly since: number
  /** Whether this attempt blocked further ones. */
  readonly last: boolean
}

/** An attempt to sign in that has been counted. How it went must be recorded, once. */
export interface SignInAttempt {
  readonly claimant: Claimant
  /** The account: the user, or the name in canonical form. */
  readonly account: string
  /** The counter that decided. */
  readonly judged: Counted
  /** Those that it was counted with besides. */
  readonly others: readonly Counted[]
}
