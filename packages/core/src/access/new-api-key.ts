import { refuseUnknownMembers } from '../errors.ts'
import { MAX_API_KEY_MS } from '../ports/optional/api-keys.ts'
import { isScopeToken } from '../tokens/claims.ts'

/** An API key that is to be made. */
export interface NewApiKey {
  /** What it is for, so that its user can tell it from others: 1 to 100 characters, no control characters. */
  readonly name: string
  /** What it may do. Give it no more than its program needs. Default: no scope. */
  readonly scope?: readonly string[] | undefined
  /** When it ends, in seconds from now. Default 7,776,000 (90 days); 60 to 31,622,400 (366 days). */
  readonly expiresInSeconds?: number | undefined
}

const CALL = 'apiKeys.create'
const MEMBERS: readonly string[] = ['name', 'scope', 'expiresInSeconds'] satisfies (keyof NewApiKey)[]
const NAME = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,100}$/u
const MIN_SECONDS = 60
const MAX_SECONDS = MAX_API_KEY_MS / 1000
const DEFAULT_SECONDS = 90 * 86_400

/** Throws a `TypeError` for a wrong member. */
export function readNewApiKey(given: NewApiKey): {
  readonly name: string
  readonly scope: readonly string[]
  readonly expiresInSeconds: number
} {
  refuseUnknownMembers(CALL, given, MEMBERS)
  const { name, scope = [], expiresInSeconds = DEFAULT_SECONDS } = given
  if (typeof name !== 'string' || !NAME.test(name))
    throw new TypeError(`${CALL}: "name" must be a string of 1 to 100 characters without control characters`)
  if (!(Array.isArray(scope) && scope.every(isScopeToken)))
    throw new TypeError(
      `${CALL}: "scope" must be an array of scope tokens without spaces (RFC 6749, section 3.3)`,
    )
  if (!isWithin(expiresInSeconds))
    throw new TypeError(
      `${CALL}: "expiresInSeconds" must be a whole number from ${MIN_SECONDS} to ${MAX_SECONDS}`,
    )
  return { name, scope, expiresInSeconds }
}

function isWithin(seconds: number): boolean {
  return Number.isInteger(seconds) && seconds >= MIN_SECONDS && seconds <= MAX_SECONDS
}
