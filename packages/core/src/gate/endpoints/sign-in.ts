import type { SessionId } from '../../ports/ids.ts'
import type { Transport } from '../../ports/session.ts'
import type { Callers } from '../../seam/caller.ts'
import type { Answer, RequestView } from '../../seam/http.ts'
import { checkSignIn, type SignIn } from '../../sessions/arguments/sign-in.ts'
import type { OpenSession } from '../../sessions/open.ts'
import type { RefreshTokens } from '../../sessions/tokens/refresh-token.ts'
import type { TokenSet } from '../../sessions/tokens/token-set.ts'
import { refusal } from '../answers/answer.ts'
import { cookiesOf, tokenAnswer } from '../answers/tokens.ts'
import type { Bonds } from '../bonds.ts'
import type { BoundCookies } from '../browser/bound-cookie.ts'
import type { StrictCookie } from '../browser/cookies.ts'
import { withCors } from '../browser/cors.ts'
import type { CrossSiteCheck, OriginSettings } from '../browser/csrf.ts'
import { visitOf } from '../callers.ts'
import type { Refused } from '../refuse.ts'

export interface SignInParts {
  readonly open: OpenSession
  readonly refreshTokens: Pick<RefreshTokens, 'parse'>
  readonly cookie: StrictCookie
  readonly origins: OriginSettings
  readonly isCrossSite: CrossSiteCheck
  readonly bonds: Bonds
  readonly boundCookies: BoundCookies
  readonly callers: Callers
}

export type StartOutcome =
  | {
      readonly kind: 'started'
      readonly tokens: TokenSet
      readonly cookies: readonly string[]
      readonly headers: Answer['headers']
    }
  | (Refused & { readonly kind: 'refused' })

/**
 * Opens a session for a user whom the application has authenticated. `cookies` belong on the response. Rejects with a
 * `TypeError` for a wrong member of `SignIn`.
 */
export type StartSession = (view: RequestView, signIn: SignIn) => Promise<StartOutcome>

export function createStart({
  open,
  refreshTokens,
  cookie,
  isCrossSite,
  bonds,
  boundCookies,
  callers,
}: SignInParts): StartSession {
  /** The session whose cookie the browser drops for the new one. Of two cookies, one was planted. */
  function replacedBy(view: RequestView): SessionId | undefined {
    const sent = cookie.read(view)
    const ticket = sent.kind === 'value' ? refreshTokens.parse(sent.value) : undefined
    return ticket?.transport === 'cookie' ? ticket.session : undefined
  }

  return async (view, signIn) => {
    checkSignIn(signIn)
    if (signIn.crossSite !== 'checked' && isCrossSite(view, 'sign-in'))
      return { kind: 'refused', problem: 'cross_site' }
    const transport = transportOf(view)
    if (transport === undefined) return { kind: 'refused', problem: 'transport_unknown' }
    const visit = visitOf(view, callers)
    if (visit === undefined) return { kind: 'refused', problem: 'retry_key_malformed' }
    const replaced = transport === 'cookie' ? replacedBy(view) : undefined
    const shown = await bonds.ofSignIn(view, transport)
    if (shown.kind === 'refused') return shown
    const { boundTo, fingerprint, headers } = shown
    const outcome = await open(signIn, transport, visit, { replaced, boundTo })
    switch (outcome.kind) {
      case 'issued': {
        // A client with a key of its own, for DPoP, shows that with each refresh.
        const canOffer = transport === 'cookie' && boundTo.jkt === undefined
        const offered = canOffer ? boundCookies.offer(outcome.session) : {}
        return {
          ...{ kind: 'started', tokens: outcome, headers: { ...headers, ...offered } },
          cookies: cookiesOf(outcome, cookie, fingerprint),
        }
      }
      case 'key_unavailable':
        return { kind: 'refused', problem: 'key_unavailable' }
      case 'unavailable':
        return { kind: 'refused', problem: 'store_unavailable' }
    }
  }
}

/** The same, and answers with the session's first tokens. */
export type AnswerSignIn = (view: RequestView, signIn: SignIn) => Promise<Answer>

export function createSignIn(start: StartSession, { origins }: SignInParts): AnswerSignIn {
  return async (view, signIn) => {
    const outcome = await start(view, signIn)
    const answer =
      outcome.kind === 'started'
        ? tokenAnswer(outcome.tokens, outcome.cookies, outcome.headers)
        : refusal(outcome.problem, outcome)
    return withCors(answer, view, origins)
  }
}

/** How the refresh token travels. Native apps have no cookie jar, so they ask for it in the body. */
function transportOf(view: RequestView): Transport | undefined {
  const requested = view.headers['x-token-transport']
  if (requested === undefined) return 'cookie'
  return requested === 'body' ? 'body' : undefined
}
