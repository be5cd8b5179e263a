import type { Answer } from '../../seam/http.ts'
import type { RefreshGrant, TokenSet } from '../../sessions/tokens/token-set.ts'
import type { StrictCookie } from '../browser/cookies.ts'
import type { Fingerprint } from '../browser/fingerprint.ts'
import { jsonAnswer } from './answer.ts'

/** The answer with a session's tokens (RFC 6749, section 5.1). The refresh token is in a cookie or in the body. */
export function tokenAnswer(
  tokens: TokenSet,
  cookies: readonly string[],
  headers?: Answer['headers'] | undefined,
): Answer {
  const body = accessMembers(tokens)
  const answer = jsonAnswer(
    200,
    tokens.transport === 'cookie' ? body : { ...body, refresh_token: tokens.refreshToken },
    cookies,
  )
  return headers === undefined ? answer : { ...answer, headers: { ...answer.headers, ...headers } }
}

/** The answer with an access token alone. */
export function accessTokenAnswer(tokens: TokenSet): Answer {
  return jsonAnswer(200, accessMembers(tokens))
}

/** The members of an access token in an answer (RFC 6749, section 5.1). */
export function accessMembers({ accessToken, tokenType, expiresIn, scope }: TokenSet): object {
  return { access_token: accessToken, token_type: tokenType, expires_in: expiresIn, scope }
}

/** The `Set-Cookie` values for a session's refresh token and its fingerprint; none if the token travels in bodies. */
export function cookiesOf(
  { transport, refreshToken, refreshSeconds }: RefreshGrant,
  cookie: StrictCookie,
  fingerprint?: Fingerprint | undefined,
): readonly string[] {
  if (transport === 'body') return []
  const refreshCookie = cookie.set(refreshToken, refreshSeconds)
  return fingerprint === undefined ? [refreshCookie] : [refreshCookie, fingerprint.cookie(refreshSeconds)]
}
