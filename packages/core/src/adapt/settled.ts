import { type AuthWith, type ClaimProof, PROOF } from '../guards/proof.ts'
import type { Auth } from '../seam/auth.ts'
import { isThenable } from '../thenable.ts'

/**
 * Returns the attached caller. Throws a `TypeError` if there is none, and if a guard is given that would not have let it
 * through: what the type says of the caller is looked at here, whether or not the guard is in front of the route.
 */
export function requireAuth<Proven = unknown>(
  auth: Auth | null | undefined,
  guard?: ClaimProof<Proven>,
): AuthWith<Proven> {
  if (!auth)
    throw new TypeError(
      'there is no caller: put authMiddleware in front of this route, or use findAuth where it is open to guests',
    )
  if (guard !== undefined && !isShownBy(guard, auth))
    throw new TypeError('getAuth: the guard does not let this caller through: put it in front of this route')
  return auth as AuthWith<Proven>
}

function isShownBy(guard: Partial<ClaimProof<unknown>>, auth: Auth): boolean {
  const holds = Object(guard)[PROOF]
  if (typeof holds !== 'function')
    throw new TypeError('getAuth: the second argument must be a guard that requireClaim made')
  return holds(auth)
}

/**
 * Finds the caller of a request. Throws a `TypeError` if there is none, if a guard of `requireClaim` is given that would
 * not let it through, and for something that is not a request of the framework.
 */
export type GetAuth<Request> = <Proven = unknown>(
  request: Request,
  guard?: ClaimProof<Proven>,
) => AuthWith<Proven>

/**
 * Goes on with a value now, or with a promised one when it is there.
 *
 * @param fail takes what the promise, or going on, rejects with; without it the returned promise does
 */
export function whenSettled<T, R>(
  value: T | Promise<T>,
  goOn: (value: T) => R,
  fail?: (error: Error) => void,
): R | Promise<unknown> {
  if (!isThenable(value)) return goOn(value)
  const settled = Promise.resolve(value).then(goOn)
  return fail === undefined ? settled : settled.catch(fail)
}
