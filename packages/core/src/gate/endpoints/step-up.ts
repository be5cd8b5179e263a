import type { ProblemCode } from '../../problems.ts'
import type { Auth } from '../../seam/auth.ts'
import type { Callers } from '../../seam/caller.ts'
import type { Answer, RequestView } from '../../seam/http.ts'
import type { StepUp } from '../../sessions/arguments/step-up.ts'
import type { ElevateSession } from '../../sessions/elevate.ts'
import type { TokenSet } from '../../sessions/tokens/token-set.ts'
import { refusal } from '../answers/answer.ts'
import { accessTokenAnswer } from '../answers/tokens.ts'
import { withCors } from '../browser/cors.ts'
import type { OriginSettings } from '../browser/csrf.ts'
import { visitOf } from '../callers.ts'

export type StepUpOutcome =
  | { readonly kind: 'elevated'; readonly tokens: TokenSet }
  | { readonly kind: 'refused'; readonly problem: ProblemCode }

/** Raises the assurance of the caller's session, as the application has checked. */
export type TakeStepUp = (view: RequestView, auth: Auth, stepUp: StepUp) => Promise<StepUpOutcome>

export function createElevate(take: ElevateSession, callers: Callers): TakeStepUp {
  return async (view, auth, stepUp) => {
    const visit = visitOf(view, callers)
    if (visit === undefined) return { kind: 'refused', problem: 'retry_key_malformed' }
    const outcome = await take(auth, stepUp, visit)
    switch (outcome.kind) {
      case 'issued':
        return { kind: 'elevated', tokens: outcome }
      case 'unknown':
        return { kind: 'refused', problem: 'token_revoked' }
      case 'no_session':
        return { kind: 'refused', problem: 'access_denied' }
      case 'key_unavailable':
        return { kind: 'refused', problem: 'key_unavailable' }
      case 'unavailable':
        return { kind: 'refused', problem: 'store_unavailable' }
    }
  }
}

/** The same, and answers with the new access token. */
export type AnswerStepUp = (view: RequestView, auth: Auth, stepUp: StepUp) => Promise<Answer>

export function createStepUp(elevate: TakeStepUp, origins: OriginSettings): AnswerStepUp {
  return async (view, auth, stepUp) => {
    const outcome = await elevate(view, auth, stepUp)
    const answer = outcome.kind === 'elevated' ? accessTokenAnswer(outcome.tokens) : refusal(outcome.problem)
    return withCors(answer, view, origins)
  }
}
