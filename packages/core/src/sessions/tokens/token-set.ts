import type { Clock } from '../../ports/clock.ts'
import type { SessionId } from '../../ports/ids.ts'
import { type Lifetimes, lifetimesOf } from '../../ports/lifetimes.ts'
import type { Session, Transport } from '../../ports/session.ts'
import type { Signer } from '../../ports/signer.ts'
import type { IssueToken, TokenIds } from '../../tokens/issue.ts'
import type { Unsigned } from '../../tokens/signing.ts'
import { bondOf } from './bond.ts'
import type { RefreshTokens } from './refresh-token.ts'

/** A session's refresh token, how it travels, and how long the client should keep it. */
export interface RefreshGrant {
  readonly transport: Transport
  readonly refreshToken: string
  /** Seconds until the session ends if it is not refreshed; `undefined` if the browser drops it when it closes. */
  readonly refreshSeconds: number | undefined
}

/** The tokens that a sign-in or a refresh issues. */
export interface TokenSet extends RefreshGrant {
  readonly kind: 'issued'
  readonly session: SessionId
  readonly accessToken: string
  /** Seconds until the access token expires. */
  readonly expiresIn: number
  readonly scope: string
  /** How the access token must be sent (RFC 6749, section 7.1). */
  readonly tokenType: 'Bearer' | 'DPoP'
  /** The names of the access token in events. */
  readonly ids: TokenIds
}

export interface TokenSets {
  /**
   * Issues the tokens of the session's current generation; `unsigned` if the key fails to sign. Rejects with a
   * `ClaimsError` if claims of the application must not be in a token.
   *
   * @param issueFrom the earliest `iat` of the access token, in seconds since the epoch
   * @param mostSeconds how long the access token may live, if that is less than usual
   */
  issue(
    session: Session,
    signer: Signer,
    issueFrom: number,
    mostSeconds?: number,
  ): Promise<TokenSet | Unsigned>
  /**
   * How many seconds are left of the time for which the first access token of the current generation was good at most; 0 if
   * the user has proved something since then, or had shortly before.
   */
  secondsLeft(session: Session): number
  /** The refresh token of the session's current generation. */
  refreshGrant(session: Session): RefreshGrant
}

export interface TokenSetParts {
  readonly issueToken: IssueToken
  readonly refreshTokens: RefreshTokens
  readonly lifetimes: Lifetimes
  /** How long an access token lives. It never outlives its session. */
  readonly accessSeconds: number
  /** Told of a session before tokens of it are issued. A new one is not in the store yet. */
  readonly onIssuing: (session: Session) => void
  readonly clock: Clock
}

export function createTokenSets(parts: TokenSetParts): TokenSets {
  const { issueToken, refreshTokens, lifetimes, accessSeconds, clock } = parts

  /** Shortens a lifetime, so that no token outlives the absolute end of its session. */
  function within({ createdAt }: Session, { absoluteMs }: Lifetimes, seconds: number): number {
    const remaining = Math.floor((createdAt + absoluteMs - clock.now()) / 1000)
    return Math.max(1, Math.min(seconds, remaining))
  }

  /** A client refreshes when its access token expires, which must be early enough for a short idle lifetime. */
  function refreshInTime({ lifetimes: own }: Session): number {
    return own === undefined ? accessSeconds : Math.ceil(own.idleMs / 2000)
  }

  /** The token that has an elevation ends with it. */
  function elevatedSeconds({ elevation }: Session): number {
    const remaining = (elevation?.until ?? 0) - Math.floor(clock.now() / 1000)
    return remaining > 0 ? remaining : accessSeconds
  }

  function refreshToken({ id, generation, transport, boundTo }: Session): string {
    return refreshTokens.mint({ session: id, generation, transport, bond: bondOf(boundTo) })
  }

  function refreshSeconds(session: Session, limits: Lifetimes): number | undefined {
    return session.transient ? undefined : within(session, limits, Math.floor(limits.idleMs / 1000))
  }

  return {
    async issue(session, signer, issueFrom, mostSeconds = accessSeconds) {
      parts.onIssuing(session)
      const limits = lifetimesOf(session, lifetimes)
      const longest = Math.min(mostSeconds, accessSeconds, refreshInTime(session), elevatedSeconds(session))
      const ttlSeconds = within(session, limits, longest)
      const issued = await issueToken({ session, signer, ttlSeconds, issueFrom })
      if (issued.kind === 'unsigned') return issued
      return {
        kind: 'issued',
        session: session.id,
        accessToken: issued.token,
        expiresIn: issued.expiresIn,
        scope: session.scope,
        tokenType: session.boundTo?.jkt === undefined ? 'Bearer' : 'DPoP',
        ids: issued.ids,
        transport: session.transport,
        refreshToken: refreshToken(session),
        refreshSeconds: refreshSeconds(session, limits),
      }
    },
    secondsLeft(session) {
      const { rotatedAt, elevation } = session
      if (elevation !== undefined && elevation.until * 1000 > rotatedAt) return 0
      const first = Math.min(accessSeconds, refreshInTime(session))
      return Math.max(0, Math.floor((rotatedAt - clock.now()) / 1000) + first)
    },
    refreshGrant(session) {
      return {
        transport: session.transport,
        refreshToken: refreshToken(session),
        refreshSeconds: refreshSeconds(session, lifetimesOf(session, lifetimes)),
      }
    },
  }
}
