import type { Answer } from '../../seam/http.ts'
import type { BoundCookies } from '../browser/bound-cookie.ts'
import type { StrictCookie } from '../browser/cookies.ts'
import { emptyAnswer, type RefusalDetails, refusal } from './answer.ts'

// Every answer of the library that tells of a session that it has just ended is made here, so what they have in common has
// one place. A session that had expired before was ended by nobody.

/** The cookies of a session. */
export interface SessionCookies {
  readonly cookie: StrictCookie
  readonly boundCookies: BoundCookies
}

/** The `Set-Cookie` values that delete the cookies of a session. */
export function cookiesDropped({ cookie, boundCookies }: SessionCookies): readonly string[] {
  return [cookie.clear(), ...boundCookies.cleared()]
}

/** The caller is logged out, as it wanted: its session was ended, if there was one. Its cookies go. */
export function ownEndedAnswer(cookies: SessionCookies): Answer {
  return emptyAnswer(cookiesDropped(cookies))
}

/** The caller ended a session of another device of its own. */
export function otherEndedAnswer(): Answer {
  return emptyAnswer()
}

/**
 * The caller's session was ended for cause, such as the use of a replaced refresh token. The cookie stays: this answer
 * may arrive after that of a newer sign-in.
 */
export function endedRefusal(code: 'refresh_reused' | 'refresh_mismatched', details: RefusalDetails): Answer {
  return refusal(code, details)
}
