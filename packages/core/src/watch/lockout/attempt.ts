import type { AttemptLimit, CounterName } from '../../ports/optional/counters.ts'
import type { Caller } from '../../seam/caller.ts'

/** The account that somebody wants to sign in to. */
export interface Account {
  /** What was typed to name it, such as an e-mail address. Spellings of one name count together. */
  readonly name: string
  /** The `subject` of its user, if there is one, for events. It makes no difference to the answer. Default: unknown */
  readonly subject?: string | undefined
  /**
   * The session of the caller, such as `auth.session`, where a user who is signed in gives the password again. Then
   * nobody else's failures lock this caller out. Default: none
   */
  readonly session?: string | undefined
  /** Why an attempt fails, as the code in events. Default `invalid_credentials`. */
  readonly reason?: string | undefined
}

/** Who wants to sign in. */
export interface Claimant {
  readonly account: Account
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
  /** The name of the account in canonical form. */
  readonly canonical: string
  readonly account: Counted
  readonly network: Counted | undefined
}
