import type { Session } from '../ports/model.ts'
import type { Signer } from '../ports/signer.ts'
import type { Answer } from '../seam/http.ts'
import type { TokenNames } from '../tokens/issue.ts'
import { jsonAnswer } from './answer.ts'
import type { GateParts } from './parts.ts'

/** What a session hands out: see {@link mint}. */
export interface Minted {
  readonly answer: Answer
  readonly issued: TokenNames
}

/**
 * Signs an access token of the session's generation and answers it, with the refresh token where it belongs;
 * `undefined` when the key does not sign. Throws a `ClaimsError` for claims of the application's that must not
 * be in it.
 */
export async function mint(
  parts: GateParts,
  signer: Signer,
  session: Session,
  issueFrom: number,
): Promise<Minted | undefined> {
  const ttlSeconds = accessSeconds(parts, session)
  const issued = await parts.issueToken({ session, signer, ttlSeconds, issueFrom })
  if (issued.kind === 'unsigned') return undefined
  const body = {
    access_token: issued.token,
    token_type: 'Bearer',
    expires_in: issued.expiresIn,
    scope: session.scope,
  }
  const answer =
    session.transport === 'cookie'
      ? jsonAnswer(200, body, [cookieOf(parts, session)])
      : jsonAnswer(200, { ...body, refresh_token: refreshTokenOf(parts, session) })
  return { answer, issued: issued.names }
}

/** The refresh cookie of a session, as it is now. */
export function cookieOf(parts: GateParts, session: Session): string {
  return parts.cookie.set(refreshTokenOf(parts, session), cookieSeconds(parts, session))
}

function refreshTokenOf(parts: GateParts, { id, generation, transport }: Session): string {
  return parts.refreshTokens.mint({ session: id, generation, transport })
}

/** An access token does not outlive its session's absolute end. */
function accessSeconds(parts: GateParts, session: Session): number {
  return Math.max(1, Math.min(parts.tokens.ttlSeconds, absoluteSecondsLeft(parts, session)))
}

function cookieSeconds(parts: GateParts, session: Session): number {
  const idle = Math.floor(parts.sessions.lifetimes.idleMs / 1000)
  return Math.max(1, Math.min(idle, absoluteSecondsLeft(parts, session)))
}

function absoluteSecondsLeft(parts: GateParts, session: Session): number {
  const end = session.createdAt + parts.sessions.lifetimes.absoluteMs
  return Math.floor((end - parts.clock.now()) / 1000)
}
