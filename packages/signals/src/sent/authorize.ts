import { ConfigError } from '@sallyport/core'
import { type Answer, type Gate, type RequestView, refusal, type Verify } from '@sallyport/core/adapter'
import type { Stream } from './stream.ts'

/**
 * Lets a request through whose access token or API key has one of the scopes, and is that of the reader of a stream.
 *
 * @param handle gets the streams of the caller, and answers
 */
export type Authorize = (
  view: RequestView,
  scopes: readonly [string, ...string[]],
  handle: (mine: readonly Stream[]) => Answer | Promise<Answer>,
) => Promise<Answer>

export function createAuthorize(gate: Pick<Gate, 'verifier'>, streams: readonly Stream[]): Authorize {
  const verify = verifierOf(gate)
  return async (view, scopes, handle) => {
    const decision = await verify(view)
    if (decision.kind === 'refuse') return decision.answer
    if (decision.kind === 'guest') return refusal('token_missing')
    const { subject, scopes: granted } = decision.auth
    const [challenge] = scopes
    if (!scopes.some((scope) => granted.includes(scope)))
      return refusal('insufficient_scope', { challenge: { scope: challenge } })
    const answer = await handle(streams.filter(({ reader }) => reader === subject))
    return decision.headers === undefined
      ? answer
      : { ...answer, headers: { ...answer.headers, ...decision.headers } }
  }
}

/** Receivers are programs, which have API keys where there are any. */
function verifierOf({ verifier }: Pick<Gate, 'verifier'>): Verify {
  try {
    return verifier({ issuers: 'own', apiKeys: 'accept' })
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause
    return verifier({ issuers: 'own' })
  }
}
