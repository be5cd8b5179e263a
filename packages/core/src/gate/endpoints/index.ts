import type { Route } from '../../seam/http.ts'
import type { RouteMaker } from '../routes.ts'
import { type ActivityEndpointParts, activityRoutes } from './activity.ts'
import { type BackchannelLogoutParts, backchannelLogoutRoutes } from './backchannel-logout.ts'
import { type BoundKeyEndpointParts, boundKeyRoutes } from './bound-keys.ts'
import { type LiveParts, liveRoutes } from './live.ts'
import { type Logout, type LogoutParts, logoutRoutes } from './logout.ts'
import { type IntrospectEndpointParts, introspectRoutes } from './oauth/introspect.ts'
import { type RevokeEndpointParts, revokeRoutes } from './oauth/revoke.ts'
import { refreshRoutes, type TokenEndpointParts, tokenRoutes } from './refresh.ts'
import { type SessionsParts, sessionsRoutes } from './sessions.ts'
import { type WellKnownParts, wellKnownRoutes } from './well-known.ts'

export { createLogout } from './logout.ts'
export { createSignIn, createStart } from './sign-in.ts'
export { createElevate, createStepUp } from './step-up.ts'

/**
 * The name of a set of endpoints, which are mounted together:
 *
 * - `refresh`: `POST /refresh`, and what browsers ask by themselves for the option `deviceBoundSessions`
 * - `token`: `POST /token`, for clients without cookies
 * - `introspect`: `POST /introspect`, for which the option `oauth` must name a client that may ask
 * - `revoke`: `POST /revoke`
 * - `logout`: `POST /logout`, `POST /logout-all`
 * - `sessions`: `GET /sessions`, `DELETE /sessions/:id`
 * - `activity`: `GET /activity`, for which the option `activity` must be set
 * - `live`: `GET /live`, a stream that tells the page when its session is over
 * - `backchannel-logout`: `POST /backchannel-logout`, for which the option `backchannelLogout.issuers` must be set
 * - `well-known`: the JWK Set and the server's metadata (RFC 8414), mounted at the root
 */
export type EndpointName =
  | 'refresh'
  | 'token'
  | 'introspect'
  | 'revoke'
  | 'logout'
  | 'sessions'
  | 'activity'
  | 'live'
  | 'backchannel-logout'
  | 'well-known'

export type Endpoints = Readonly<Record<EndpointName, readonly Route[]>>

export interface EndpointsParts
  extends TokenEndpointParts,
    SessionsParts,
    LogoutParts,
    ActivityEndpointParts,
    LiveParts,
    BackchannelLogoutParts,
    BoundKeyEndpointParts,
    IntrospectEndpointParts,
    RevokeEndpointParts,
    WellKnownParts {
  readonly end: LogoutParts['end'] & SessionsParts['end']
  readonly logout: Logout
}

export function createEndpoints(parts: EndpointsParts, route: RouteMaker): Endpoints {
  return {
    refresh: [...refreshRoutes(parts, route), ...boundKeyRoutes(parts, route)],
    token: tokenRoutes(parts, route),
    introspect: introspectRoutes(parts, route),
    revoke: revokeRoutes(parts, route),
    logout: logoutRoutes(parts.logout, parts, route),
    sessions: sessionsRoutes(parts, route),
    activity: activityRoutes(parts, route),
    live: liveRoutes(parts, route),
    'backchannel-logout': backchannelLogoutRoutes(parts, route),
    'well-known': wellKnownRoutes(parts, route),
  }
}
