import type { Route } from '../../seam/http.ts'
import type { EventStreams } from '../answers/event-stream.ts'
import type { RouteMaker } from '../routes.ts'

export interface LiveParts {
  readonly streams: EventStreams
}

/** `GET /live`: a stream on which nothing comes but `event: end`, once the caller's token is over. */
export function liveRoutes({ streams }: LiveParts, route: RouteMaker): readonly Route[] {
  return [route.bearer('/live', { GET: (_view, auth) => streams.open(auth) })]
}
