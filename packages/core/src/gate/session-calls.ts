import { reasonOf, UnavailableError } from '../errors.ts'
import { type Auth, ownSubject } from '../seam/auth.ts'
import type { Callers, Sender } from '../seam/caller.ts'
import type { Answer, RequestView } from '../seam/http.ts'
import type { SignIn } from '../sessions/arguments/sign-in.ts'
import type { StepUp } from '../sessions/arguments/step-up.ts'
import type { SessionEnd } from '../sessions/end.ts'
import type { TokenSets } from '../sessions/tokens/token-set.ts'
import type { Required } from '../watch/audit/required.ts'
import { cookiesOf } from './answers/tokens.ts'
import type { StrictCookie } from './browser/cookies.ts'
import type { CrossSiteCheck } from './browser/csrf.ts'
import type { Pages } from './browser/pages.ts'
import type { Logout, LogoutOutcome } from './endpoints/logout.ts'
import type { StartSession } from './endpoints/sign-in.ts'
import type { TakeStepUp } from './endpoints/step-up.ts'
import { faultOf, UNWRITTEN } from './refuse.ts'

/** What a call that ends something may be told. */
export interface RevokeOptions {
  /** Why, as a code for the audit trail. Default `revoked_by_application`. */
  readonly reason?: string | undefined
}

/** The sessions that a call ended. */
export interface Revoked {
  readonly ended: readonly string[]
}

/** The first tokens of a session that was started. */
export interface Started {
  readonly accessToken: string
  /** Seconds. */
  readonly expiresIn: number
  readonly scope: string
  /** How the access token must be sent. */
  readonly tokenType: 'Bearer' | 'DPoP'
  /** Only for clients that asked for it in the body (`X-Token-Transport: body`). */
  readonly refreshToken: string | undefined
}

/** The access token of a session whose assurance was raised. */
export interface SteppedUp {
  readonly accessToken: string
  /** Seconds. */
  readonly expiresIn: number
  readonly scope: string
  /** How the access token must be sent. */
  readonly tokenType: 'Bearer' | 'DPoP'
}

/** What must be on the response. */
export interface WithCookies {
  /** `Set-Cookie` values. */
  readonly cookies: readonly string[]
  /** Other header fields. */
  readonly headers?: Answer['headers'] | undefined
}

/**
 * Steps on sessions for an application that answers by itself. Each rejects with `UnavailableError` while the store is
 * away, and with a `RefusalError` for what the library's own routes would refuse.
 */
export interface GateSessions extends Pages {
  start(view: RequestView, signIn: SignIn): Promise<Started & WithCookies>
  end(view: RequestView, options?: RevokeOptions): Promise<Revoked & WithCookies>
  stepUp(view: RequestView, auth: Auth, stepUp: StepUp): Promise<SteppedUp>
  revokeOthers(sender: Sender, auth: Auth, options?: RevokeOptions): Promise<Revoked & WithCookies>
}

export interface GateSessionsParts {
  readonly start: StartSession
  readonly elevate: TakeStepUp
  readonly logout: Logout
  readonly isCrossSite: CrossSiteCheck
  readonly end: Pick<SessionEnd, 'others'>
  readonly pages: Pages
  readonly tokenSets: Pick<TokenSets, 'refreshGrant'>
  readonly cookie: StrictCookie
  readonly required: Required
  readonly callers: Callers
}

export function createGateSessions(parts: GateSessionsParts): GateSessions {
  const { start, logout, isCrossSite, end, pages, tokenSets, cookie, callers } = parts
  const endOwn = parts.required.step(
    async (view: RequestView, reason: string): Promise<LogoutOutcome> =>
      isCrossSite(view) ? { kind: 'refused', problem: 'cross_site' } : logout(view, reason),
    (): LogoutOutcome => UNWRITTEN,
  )
  const endOthers = parts.required.step(end.others, () => {
    throw faultOf(UNWRITTEN)
  })
  return {
    async start(view, signIn) {
      const outcome = await start(view, signIn)
      if (outcome.kind === 'refused') throw faultOf(outcome)
      const { accessToken, expiresIn, scope, tokenType, transport, refreshToken } = outcome.tokens
      const { cookies, headers } = outcome
      return {
        accessToken,
        expiresIn,
        scope,
        tokenType,
        refreshToken: transport === 'body' ? refreshToken : undefined,
        cookies,
        headers,
      }
    },
    async end(view, options) {
      const outcome = await endOwn(view, reasonOf('sessions.end', options, 'logout'))
      if (outcome.kind === 'refused') throw faultOf(outcome)
      const { ended, cookies, headers } = outcome
      return { ended, cookies, headers }
    },
    ...pages,
    async stepUp(view, auth, stepUp) {
      const outcome = await parts.elevate(view, auth, stepUp)
      if (outcome.kind === 'refused') throw faultOf(outcome)
      const { accessToken, expiresIn, scope, tokenType } = outcome.tokens
      return { accessToken, expiresIn, scope, tokenType }
    },
    async revokeOthers(sender, auth, options) {
      // An API key has no session, so that all sessions would be others.
      if (auth.credential === 'api_key') throw faultOf({ problem: 'access_denied' })
      const reason = reasonOf('sessions.revokeOthers', options, 'revoked_by_application')
      const ending = { reason, caller: callers.of(sender) }
      const outcome = await endOthers(ownSubject(auth), auth.session, ending)
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      const { kept, sessions } = outcome
      const cookies = kept === undefined ? [] : cookiesOf(tokenSets.refreshGrant(kept), cookie)
      return { ended: sessions, cookies }
    },
  }
}
