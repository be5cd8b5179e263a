import type { Answer } from '../seam/http.ts'
import { emptyAnswer, type RefusalDetails, refusal } from './answer.ts'

// Every answer of the library that tells of ended sessions is made here, so what they have in common has one place.

/** Sessions were ended, as the caller wanted. */
export function endedAnswer(cookies: readonly string[]): Answer {
  return emptyAnswer(cookies)
}

/**
 * The caller's session was ended for cause, such as the use of a replaced refresh token. The cookie stays: this answer
 * may arrive after that of a newer sign-in.
 */
export function endedRefusal(code: 'refresh_reused' | 'refresh_mismatched', details: RefusalDetails): Answer {
  return refusal(code, details)
}
