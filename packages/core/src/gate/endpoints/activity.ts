import type { Route } from '../../seam/http.ts'
import type { Activity } from '../../watch/activity/activity.ts'
import { jsonAnswer, refusal } from '../answers/answer.ts'
import type { AuthHandler, RouteMaker } from '../routes.ts'

export interface ActivityEndpointParts {
  /** `undefined` if it is not kept. */
  readonly activity: Activity | undefined
}

/** `GET /activity`: what happened to the caller lately, from every process. No routes if it is not kept. */
export function activityRoutes({ activity }: ActivityEndpointParts, route: RouteMaker): readonly Route[] {
  if (activity === undefined) return []
  const showOwn: AuthHandler = async (_view, auth) => {
    const outcome = await activity.of(auth.subject)
    return outcome.kind === 'unavailable'
      ? refusal('store_unavailable')
      : jsonAnswer(200, { events: outcome.events })
  }
  return [route.bearer('/activity', { GET: showOwn })]
}
