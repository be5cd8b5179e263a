import { refuseUnknownMembers } from '../../errors.ts'
import { checkAssurance } from './assurance.ts'

/** What the user of a session has just proved to you. */
export interface StepUp {
  /** How certain the authentication is (`acr` of OpenID Connect Core 1.0). Default: not stated. */
  readonly acr?: string | undefined
  /** How the user was authenticated, such as `['pwd', 'otp']` (RFC 8176). Default: not stated. */
  readonly amr?: readonly string[] | undefined
  /**
   * How long it counts, in seconds; then `acr`, `amr` and `auth_time` are those of the sign-in again. 1 to 86,400.
   * Default 900.
   */
  readonly seconds?: number | undefined
}

/** How long an elevation counts by default. */
export const ELEVATED_SECONDS = 900
const MAX_SECONDS = 86_400

/** Throws a `TypeError` for a wrong member. */
export function checkStepUp(stepUp: StepUp): void {
  refuseUnknownMembers('stepUp', stepUp, ['acr', 'amr', 'seconds'])
  const { acr, amr, seconds } = stepUp
  checkAssurance('stepUp', stepUp)
  if (acr === undefined && amr === undefined)
    throw new TypeError('stepUp: say what the user has proved: "acr", "amr" or both')
  if (seconds !== undefined && !(Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_SECONDS))
    throw new TypeError(`stepUp: "seconds" must be a whole number from 1 to ${MAX_SECONDS}`)
}
