import type { Transport } from '../../ports/sessions.ts'
import { visitOf } from '../../seam/caller.ts'
import type { Answer, RequestView } from '../../seam/http.ts'
import type { OpenSession, SignIn } from '../../sessions/open.ts'
import { refusal } from '../answer.ts'
import type { RefreshCookie } from '../cookies.ts'
import { isCrossSite, type OriginSettings, withCors } from '../csrf.ts'
import { tokenAnswer } from '../token-answer.ts'

export interface SignInParts {
  readonly open: OpenSession
  readonly cookie: RefreshCookie
  readonly origins: OriginSettings
}

/**
 * Opens a session for a user whom the application has authenticated, and answers with its first tokens. Refuses
 * cross-site requests. Does NOT check a password or any other credential.
 *
 * Rejects with a `TypeError` for a wrong member of `SignIn`, and with a `ClaimsError` if claims of the application must
 * not be in a token.
 */
export type AnswerSignIn = (view: RequestView, signIn: SignIn) => Promise<Answer>

export function createSignIn({ open, cookie, origins }: SignInParts): AnswerSignIn {
  async function answer(view: RequestView, signIn: SignIn): Promise<Answer> {
    if (isCrossSite(view, origins)) return refusal('cross_site')
    const transport = transportOf(view)
    if (transport === undefined) return refusal('transport_unknown')
    const outcome = await open(signIn, transport, visitOf(view))
    switch (outcome.kind) {
      case 'issued':
        return tokenAnswer(outcome, cookie)
      case 'key_unavailable':
        return refusal('key_unavailable')
      case 'unavailable':
        return refusal('store_unavailable')
    }
  }

  return async (view, signIn) => withCors(await answer(view, signIn), view, origins)
}

/** How the refresh token travels. Native apps have no cookie jar, so they ask for it in the body. */
function transportOf(view: RequestView): Transport | undefined {
  const requested = view.headers['x-token-transport']
  if (requested === undefined) return 'cookie'
  return requested === 'body' ? 'body' : undefined
}
