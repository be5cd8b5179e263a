import type { Clock } from '../../ports/clock.ts'
import type { Unavailable } from '../../ports/outcome.ts'
import type { RevocationStore } from '../../ports/revocations.ts'
import type { SessionStore } from '../../ports/sessions.ts'
import type { Replica } from '../../revocation/replica.ts'
import type { Caller } from '../../seam/caller.ts'
import type { Emit } from '../../watch/events.ts'
import type { Ending, SessionEnd } from '../end.ts'
import type { RefreshTicket } from './refresh-token.ts'

/** A single access token, and what events tell of it. */
export interface TokenNames {
  readonly jti: string
  readonly sub?: string
  readonly sid?: string
  readonly client_id?: string
}

export type RefreshTokenRevoked =
  | { readonly kind: 'ended' | 'absent' }
  /** The session belongs to a client for which the caller may not speak. Nothing changed. */
  | { readonly kind: 'wrong_client' }
  | Unavailable

export type ClientReading =
  | { readonly kind: 'read'; readonly client: string }
  | { readonly kind: 'unknown' }
  | Unavailable

/** Takes back tokens that a session has handed out. */
export interface TokenRevocation {
  /** Refuses one access token from now on. Its session lives on. */
  accessToken(
    names: TokenNames,
    ending: { readonly reason: string; readonly caller?: Caller | undefined },
  ): Promise<{ readonly kind: 'revoked' } | Unavailable>
  /**
   * Ends the session of a refresh token, whichever of its generations that token is: whoever wants to end the session
   * may not have received the latest one.
   *
   * @param mayEnd whether the caller may end sessions of this client
   */
  refreshToken(
    ticket: RefreshTicket,
    mayEnd: (client: string) => boolean,
    ending: Ending,
  ): Promise<RefreshTokenRevoked>
  /** The client of a refresh token's session, which never changes. */
  clientOf(ticket: RefreshTicket): Promise<ClientReading>
}

export interface TokenRevocationParts {
  readonly store: Pick<SessionStore, 'read'>
  readonly revocations: Pick<RevocationStore, 'revoke'>
  readonly replica: Pick<Replica, 'add'>
  readonly end: Pick<SessionEnd, 'one'>
  readonly emit: Emit
  readonly clock: Clock
}

export function createTokenRevocation(parts: TokenRevocationParts): TokenRevocation {
  const { store, revocations, replica, end, emit, clock } = parts

  async function clientOf({ session: id }: RefreshTicket): Promise<ClientReading> {
    const reading = await store.read(id)
    return reading.kind === 'read' ? { kind: 'read', client: reading.session.client } : reading
  }

  return {
    clientOf,
    async accessToken({ jti, ...about }, { reason, caller }) {
      const outcome = await revocations.revoke({ kind: 'token', jti }, clock.now())
      if (outcome.kind === 'unavailable') return outcome
      replica.add({ kind: 'token', jti })
      emit({ event: 'token.revoked', outcome: 'success', reason, jti, ...about }, caller)
      return outcome
    },
    async refreshToken(ticket, mayEnd, ending) {
      const reading = await clientOf(ticket)
      if (reading.kind === 'unavailable') return reading
      if (reading.kind === 'unknown') return { kind: 'absent' }
      return mayEnd(reading.client) ? end.one(ticket.session, ending) : { kind: 'wrong_client' }
    },
  }
}
