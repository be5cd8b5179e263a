import { UnavailableError } from '../errors.ts'
import type { RevokeOptions } from '../gate/session-calls.ts'
import type { AcceptedIssuers } from '../issuers/load.ts'
import { isName, NAME } from '../ports/ids.ts'
import { isForeignName } from '../ports/revocations.ts'
import { type Auth, ownSubject } from '../seam/auth.ts'
import type { Caller } from '../seam/caller.ts'
import type { RenewSessions } from '../sessions/renew.ts'

export const BY_APPLICATION = 'revoked_by_application'
/** The members of {@link RevokeOneOptions}. */
export const REVOKE_ONE_MEMBERS: readonly (keyof RevokeOneOptions)[] = ['reason', 'issuer']

export type KnownIssuers = Pick<AcceptedIssuers, 'nameOf'>

/** What a call that revokes one session or token may be told. */
export interface RevokeOneOptions extends RevokeOptions {
  /**
   * Who issued it, such as `auth.issuer`: this deployment, or one of the option `issuers`. Default: this deployment. The
   * call rejects with a `TypeError` for any other issuer.
   */
  readonly issuer?: string | undefined
}

/** What a call that ends sessions may be told besides. */
export interface Caused {
  /** Who causes it, as events tell it, such as `gateOf(sallyport).callers.of(view)`. Default: no request. */
  readonly caller?: Caller | undefined
}

/** An empty id would concern every token that has none, such as those of other issuers. */
export function identifier(name: string, given: unknown): string {
  if (isName(given)) return given
  throw new TypeError(`"${name}" must be ${NAME}`)
}

/** The subject that a call concerns. Whoever has no types may pass neither, such as the `undefined` of `user?.id`. */
export function subjectOf(name: string, given: string | Auth): string {
  return identifier(
    name,
    typeof given !== 'string' && typeof given?.subject === 'string' ? ownSubject(given) : given,
  )
}

/** The name of a user of this deployment. One in the form of another issuer's would concern that issuer's tokens. */
export function ownName(name: string, given: string | Auth): string {
  const subject = subjectOf(name, given)
  if (!isForeignName(subject)) return subject
  throw new TypeError(
    `"${name}" must not begin with a URL and a space: only names from other issuers have that form`,
  )
}

export function identifiers(name: string, given: readonly string[]): readonly string[] {
  if (!Array.isArray(given)) throw new TypeError(`"${name}" must be an array of strings`)
  for (const [index, one] of given.entries()) identifier(`${name}[${index}]`, one)
  return given
}

/** The sessions that live on, and whose access tokens have been refused. */
export interface Renewed {
  readonly sessions: readonly string[]
}

export async function renewed(outcome: ReturnType<RenewSessions>): Promise<Renewed> {
  const settled = await outcome
  if (settled.kind === 'unavailable') throw new UnavailableError()
  return { sessions: settled.sessions }
}
