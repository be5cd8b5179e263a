import type { Answer } from '../../seam/http.ts'
import type { RefreshGrant, TokenSet } from '../../sessions/tokens/token-set.ts'
import type { StrictCookie } from '../browser/cookies.ts'
import { jsonAnswer } from './answer.ts'

/** The answer with a session's tokens (RFC 6749, section 5.1). The refresh token is in the cookie or in the body. */
export function tokenAnswer(tokens: TokenSet, cookie: StrictCookie): Answer {
  const body = accessMembers(tokens)
  return tokens.transport === 'cookie'
    ? jsonAnswer(200, body, cookiesOf(tokens, cookie))
    : jsonAnswer(200, { ...body, refresh_token: tokens.refreshToken })
}

/** The answer with an access token alone. */
export function accessTokenAnswer(tokens: TokenSet): Answer {
  return jsonAnswer(200, accessMembers(tokens))
}

function accessMembers({ accessToken, tokenType, expiresIn, scope }: TokenSet): object {
  return { access_token: accessToken, token_type: tokenType, expires_in: expiresIn, scope }
}

/** The `Set-Cookie` values for a session's refresh token; none if the token travels in bodies. */
export function cookiesOf(
  { transport, refreshToken, refreshSeconds }: RefreshGrant,
  cookie: StrictCookie,
): readonly string[] {
  return transport === 'cookie' ? [cookie.set(refreshToken, refreshSeconds)] : []
}
