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
import type { TokenSchemes } from '../credentials.ts'
import type { Refused } from '../refuse.ts'

export type StepUpOutcome =
  | { readonly kind: 'elevated'; readonly tokens: TokenSet }
  | (Refused & { readonly kind: 'refused' })

/** Raises the assurance of the caller's session, as the application has checked. */
export type TakeStepUp = (view: RequestView, auth: Auth, stepUp: StepUp) => Promise<StepUpOutcome>

export function createElevate(
  take: ElevateSession,
  callers: Callers,
  schemesOf: TokenSchemes['of'],
): TakeStepUp {
  return async (view, auth, stepUp) => {
    const refused = (problem: ProblemCode): StepUpOutcome => ({
      ...{ kind: 'refused', problem },
      schemes: schemesOf(view),
    })
    const visit = visitOf(view, callers)
    if (visit === undefined) return refused('retry_key_malformed')
    const outcome = await take(auth, stepUp, visit)
    switch (outcome.kind) {
      case 'issued':
        return { kind: 'elevated', tokens: outcome }
      case 'unknown':
        return refused('token_revoked')
      case 'no_session':
        return refused('access_denied')
      case 'key_unavailable':
        return refused('key_unavailable')
      case 'unavailable':
        return refused('store_unavailable')
    }
  }
}

/** The same, and answers with the new access token. */
export type AnswerStepUp = (view: RequestView, auth: Auth, stepUp: StepUp) => Promise<Answer>

export function createStepUp(elevate: TakeStepUp, origins: OriginSettings): AnswerStepUp {
  return async (view, auth, stepUp) => {
    const outcome = await elevate(view, auth, stepUp)
    const answer =
      outcome.kind === 'elevated' ? accessTokenAnswer(outcome.tokens) : refusal(outcome.problem, outcome)
    return withCors(answer, view, origins)
  }
}
