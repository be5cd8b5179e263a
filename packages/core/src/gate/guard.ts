import type { Guard, GuardVerdict } from '../guards/guard.ts'
import type { Clock } from '../ports/clock.ts'
import type { Auth } from '../seam/auth.ts'
import type { Answer, RequestView } from '../seam/http.ts'
import { refusal } from './answer.ts'

/**
 * Applies a guard to one request. Returns the answer that refuses the request, or `undefined` if the guard passes. A
 * request without a verified caller is refused. Returns a promise only if the guard does.
 */
export type GuardCheck = (
  auth: Auth | null | undefined,
  view: RequestView,
) => Answer | undefined | Promise<Answer | undefined>

export function createGuardCheck(guard: Guard, clock: Clock): GuardCheck {
  return (auth, view) => {
    if (!auth) return refusal('token_missing')
    const verdict = guard(auth, view, clock)
    return verdict instanceof Promise ? verdict.then(answerTo) : answerTo(verdict)
  }
}

function answerTo(verdict: GuardVerdict): Answer | undefined {
  return verdict.kind === 'pass' ? undefined : refusal(verdict.problem, verdict)
}
