import type { TakeLogout } from '../../backchannel/index.ts'
import type { Callers } from '../../seam/caller.ts'
import type { Route } from '../../seam/http.ts'
import { jsonAnswer, refusal } from '../answers/answer.ts'
import { readForm } from '../body.ts'
import type { RouteMaker } from '../routes.ts'

export interface BackchannelLogoutParts {
  /** `undefined` if nobody's logout tokens are accepted. */
  readonly takeLogout: TakeLogout | undefined
  readonly callers: Callers
}

/**
 * `POST /backchannel-logout`, for other services.
 *
 * @see [OpenID Connect Back-Channel Logout 1.0, section 2.7](https://openid.net/specs/openid-connect-backchannel-1_0.html#BCResponse)
 */
export function backchannelLogoutRoutes(
  { takeLogout, callers }: BackchannelLogoutParts,
  route: RouteMaker,
): readonly Route[] {
  if (takeLogout === undefined) return []
  const take = route.open('/backchannel-logout', {
    async POST(view) {
      const form = await readForm(view)
      if (form.kind === 'refused') return refusal(form.problem)
      const token = form.value.get('logout_token')
      if (token === undefined) return refusal('body_malformed')
      const outcome = await takeLogout(token, callers.of(view))
      switch (outcome.kind) {
        case 'ended':
          return jsonAnswer(200, {})
        case 'invalid':
          return refusal('logout_token_invalid')
        case 'unavailable':
          return refusal(`${outcome.of}_unavailable`)
      }
    },
  })
  return [take]
}
