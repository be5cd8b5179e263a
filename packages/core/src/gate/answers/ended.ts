import type { Answer } from '../../seam/http.ts'
import type { BoundCookies } from '../browser/bound-cookie.ts'
import type { StrictCookie } from '../browser/cookies.ts'
import { emptyAnswer, type RefusalDetails, refusal } from './answer.ts'

// Every answer of the library that tells of a session that it has just ended is made here, so what they have in common has
// one place. A session that had expired before was ended by nobody.

/** What a browser has of a session. */
export interface SessionTraces {
  readonly cookie: StrictCookie
  readonly boundCookies: BoundCookies
  /** The value of `Clear-Site-Data`; `undefined`: the application wants no such header. */
  readonly clearSiteData: string | undefined
}

export interface Dropped {
  /** `Set-Cookie` values. */
  readonly cookies: readonly string[]
  readonly headers: Answer['headers']
}

/** The `Set-Cookie` values and header fields by which a browser deletes what it has of its own session. */
export function tracesDropped({ cookie, boundCookies, clearSiteData }: SessionTraces): Dropped {
  return {
    cookies: [cookie.clear(), ...boundCookies.cleared()],
    headers: clearSiteData === undefined ? {} : { 'Clear-Site-Data': clearSiteData },
  }
}

/** The caller is logged out, as it wanted: its session was ended, if there was one. Its cookies go. */
export function ownEndedAnswer(traces: SessionTraces): Answer {
  const { cookies, headers } = tracesDropped(traces)
  return emptyAnswer(cookies, headers)
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
