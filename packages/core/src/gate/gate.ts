import { createVerifier, type Verify, type VerifyOptions } from '../access/verify.ts'
import type { Guard } from '../guards/scope.ts'
import type { Answer, Auth, RequestView, Route } from '../seam/http.ts'
import { refusal } from './answer.ts'
import { createLogout, createLogoutAll } from './endpoints/logout.ts'
import { createRefresh, createTokenEndpoint } from './endpoints/refresh.ts'
import { createEndOthers, createSessionEnd, createSessionList } from './endpoints/sessions.ts'
import { createSignIn, type SignIn } from './endpoints/sign-in.ts'
import { createJwks, createMetadata, metadataPath } from './endpoints/well-known.ts'
import type { GateParts } from './parts.ts'
import { createRouteMaker, type HandleWithAuth, type RouteMaker } from './routes.ts'

/** The routes of each router, to be mounted by an adapter. */
export interface Routers {
  /** `POST /refresh` */
  readonly refresh: readonly Route[]
  /** `POST /token` */
  readonly token: readonly Route[]
  /** `POST /logout`, `POST /logout-all` */
  readonly logout: readonly Route[]
  /** `GET /sessions`, `DELETE /sessions/:id` */
  readonly sessions: readonly Route[]
  /** `GET /.well-known/jwks.json`, `GET /.well-known/oauth-authorization-server` */
  readonly wellKnown: readonly Route[]
}

/** All HTTP of the library, for any framework: views in, decisions and answers out. */
export interface Gate {
  /**
   * Makes a check for requests to protected routes: see `Verifier`. Throws a `ConfigError` for a wrong
   * option. A check waits only where the token has to be verified or the store asked.
   */
  verifier(options?: VerifyOptions): Verify
  /** The check of `verifier()`, with nothing chosen. */
  verify: Verify
  /** Applies a guard to a caller; without one (no `authMiddleware` before it) the request is refused. */
  guard(guard: Guard, auth: Auth | undefined): Answer | undefined
  /** Opens a session for a user whom the application has authenticated. */
  signIn(view: RequestView, signIn: SignIn): Promise<Answer>
  /** Ends every session of the caller but this one, which gets a new refresh cookie. */
  endOtherSessions: HandleWithAuth
  readonly routers: Routers
  /** For routes of the application's own. */
  readonly route: RouteMaker
}

export function createGate(parts: GateParts): Gate {
  const verifier = createVerifier(parts)
  const route = createRouteMaker(verifier, parts.origins)
  return {
    verifier: verifier.verifier,
    verify: verifier.verifier(),
    guard: applyGuard,
    signIn: createSignIn(parts),
    endOtherSessions: createEndOthers(parts),
    route,
    routers: {
      refresh: [route.cookie('/refresh', { POST: createRefresh(parts) })],
      token: [route.open('/token', { POST: createTokenEndpoint(parts) })],
      logout: [
        route.cookie('/logout', { POST: createLogout(parts, verifier) }),
        route.bearer('/logout-all', { POST: createLogoutAll(parts) }),
      ],
      sessions: [
        route.bearer('/sessions', { GET: createSessionList(parts) }),
        route.bearer('/sessions/:id', { DELETE: createSessionEnd(parts) }),
      ],
      wellKnown: [
        route.open('/.well-known/jwks.json', { GET: createJwks(parts) }),
        route.open(metadataPath(parts.tokens.issuer), { GET: createMetadata(parts) }),
      ],
    },
  }
}

function applyGuard(guard: Guard, auth: Auth | undefined): Answer | undefined {
  if (auth === undefined) return refusal('token_missing')
  const verdict = guard(auth)
  return verdict.kind === 'pass' ? undefined : refusal(verdict.problem, { scope: verdict.scope })
}
