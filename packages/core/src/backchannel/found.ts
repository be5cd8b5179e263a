import { patiently } from '../dependencies/patience.ts'
import { isName } from '../ports/ids.ts'
import type { LogoutClaims } from './token.ts'

/** Which sessions here belong to what a logout token names. */
export interface FoundSessions {
  /** Users whose sessions all end. */
  readonly subjects?: readonly string[]
  /** Sessions that end. */
  readonly sessions?: readonly string[]
}

/** A function of the application that finds sessions by what a logout token names. */
export type FindSessions = (
  claims: LogoutClaims,
) => FoundSessions | undefined | PromiseLike<FoundSessions | undefined>

/** The sender of a logout token waits for so long, or little longer. */
const FIND_MS = 5000

/**
 * Asks a function of the application. `undefined` if it fails in whichever way, which is told by a notice, once for each
 * way. Nothing found is fine.
 */
export function createFinding(
  find: FindSessions,
  notice: (message: string) => void,
): (claims: LogoutClaims) => Promise<FoundSessions | undefined> {
  const told = new Set<string>()

  function fail(why: string): undefined {
    const message = `the function "sessions" of "backchannelLogout" ${why}: the logout token is answered 503; this is told once`
    if (!told.has(message)) notice(message)
    told.add(message)
  }

  return (claims) =>
    new Promise((resolve) => {
      const calledOff = patiently(FIND_MS, () => resolve(fail(`did not answer within ${FIND_MS} ms`)))
      // What it throws, and what reading its answer throws, rejects this promise.
      const asked = (async () => foundIn(await find(claims)))()
      void asked
        .then(
          (found) =>
            found ?? fail('returned something other than { sessions, subjects } with arrays of strings'),
          (cause: unknown) => fail(`failed with ${cause instanceof Error ? cause.name : typeof cause}`),
        )
        .then(resolve)
        .finally(calledOff)
    })
}

/** Copies what was found; `undefined` if it has another form. */
function foundIn(given: unknown): FoundSessions | undefined {
  if (given === undefined || given === null) return {}
  if (typeof given !== 'object') return undefined
  const { subjects = [], sessions = [] } = given as Partial<Record<string, unknown>>
  return areNames(subjects) && areNames(sessions)
    ? { subjects: [...subjects], sessions: [...sessions] }
    : undefined
}

function areNames(given: unknown): given is readonly string[] {
  return Array.isArray(given) && given.every(isName)
}
