import type { Route } from '../../seam/http.ts'

export { createLogout, logoutRoutes } from './logout.ts'
export { refreshRoutes, tokenRoutes } from './refresh.ts'
export { sessionsRoutes } from './sessions.ts'
export { createSignIn, createStart } from './sign-in.ts'
export { wellKnownRoutes } from './well-known.ts'

/**
 * The name of a set of endpoints, which are mounted together:
 *
 * - `refresh`: `POST /refresh`
 * - `token`: `POST /token`, for clients without cookies
 * - `logout`: `POST /logout`, `POST /logout-all`
 * - `sessions`: `GET /sessions`, `DELETE /sessions/:id`
 * - `well-known`: the JWK Set and the server's metadata (RFC 8414), mounted at the root
 */
export type EndpointName = 'refresh' | 'token' | 'logout' | 'sessions' | 'well-known'

export type Endpoints = Readonly<Record<EndpointName, readonly Route[]>>
