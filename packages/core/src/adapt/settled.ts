import type { Auth } from '../seam/auth.ts'
import { isThenable } from '../thenable.ts'

/** Returns the attached caller. Throws a `TypeError` if there is none. */
export function requireAuth(auth: Auth | null | undefined): Auth {
  if (!auth)
    throw new TypeError(
      'getAuth: there is no caller: put authMiddleware in front of this route, or use findAuth where it is open to guests',
    )
  return auth
}

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
