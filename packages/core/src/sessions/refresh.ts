import type { Devices } from '../binding/device.ts'
import type { Clock } from '../ports/clock.ts'
import type { Unavailable } from '../ports/outcome.ts'
import type { RotationOutcome, Session, SessionStore } from '../ports/sessions.ts'
import type { Signer } from '../ports/signer.ts'
import type { Caller, Visit } from '../seam/caller.ts'
import type { TokenIds } from '../tokens/issue.ts'
import type { Emit } from '../watch/events.ts'
import { ended, type SessionEnd } from './end.ts'
import type { KeyUnavailable } from './open.ts'
import type { RefreshTicket } from './refresh-token.ts'
import type { SessionSettings } from './settings.ts'
import type { TokenSet, TokenSets } from './token-set.ts'

export type RefreshOutcome =
  | TokenSet
  /** The session ended, just now or earlier. */
  | { readonly kind: 'reused' | 'mismatched' | 'expired' | 'unknown' }
  /** Nothing changed. */
  | { readonly kind: 'wrong_client' }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number }
  | KeyUnavailable
  | Unavailable

/** @param client when given, must be the session's */
export type RefreshSession = (
  ticket: RefreshTicket,
  client: string | undefined,
  visit: Visit,
) => Promise<RefreshOutcome>

export interface SessionRefreshParts {
  readonly store: Pick<SessionStore, 'rotate'>
  readonly signer: () => Signer | undefined
  readonly tokenSets: TokenSets
  readonly end: Pick<SessionEnd, 'settle'>
  readonly devices: Devices
  readonly settings: SessionSettings
  readonly emit: Emit
  readonly clock: Clock
}

/** Swaps a genuine refresh token for the next one and a new access token, or ends the session that it was stolen from. */
export function createSessionRefresh(parts: SessionRefreshParts): RefreshSession {
  const { store, tokenSets, devices, settings, emit, clock } = parts

  return async (ticket, client, { caller, userAgent }) => {
    // Signing comes after the swap, so its key must be there before.
    const signer = parts.signer()
    if (signer === undefined) return { kind: 'key_unavailable' }
    const outcome = await store.rotate({
      id: ticket.session,
      generation: ticket.generation,
      transport: ticket.transport,
      bindings: devices.recognise(userAgent).bindings,
      enforced: devices.enforced,
      at: clock.now(),
      lifetimes: settings.lifetimes,
      graceMs: settings.graceMs,
      recoverLost: settings.recoverLost,
      refreshLimit: settings.refreshLimit,
      convergedLimit: settings.convergedLimit,
      client,
      ip: caller.ip,
    })

    switch (outcome.kind) {
      case 'rotated':
      case 'converged': {
        const tokens = await tokenSets.issue(outcome.session, signer, outcome.issueFrom)
        // The presented token still converges, since its successor was never seen in use.
        if (tokens.kind === 'unsigned') return { kind: 'key_unavailable' }
        tellRefreshed(outcome, tokens.ids, caller)
        return tokens
      }
      case 'reused':
      case 'mismatched':
        tellTheft(outcome, caller)
        return { kind: outcome.kind }
      case 'limited':
        tellRefused('refresh_limited', ticket, caller)
        return { kind: 'limited', retryAfterSeconds: Math.ceil(outcome.retryAfterMs / 1000) }
      case 'wrong_client':
      case 'expired':
      case 'unknown':
        tellRefused(`refresh_${outcome.kind}`, ticket, caller)
        return outcome
      case 'unavailable':
        return outcome
    }
  }

  function tellRefused(reason: string, { session: sid }: RefreshTicket, caller: Caller): void {
    emit({ event: 'token.refused', outcome: 'failure', sid, reason, ...caller })
  }

  function tellRefreshed(
    outcome: Extract<RotationOutcome, { kind: 'rotated' | 'converged' }>,
    ids: TokenIds,
    caller: Caller,
  ): void {
    const { session } = outcome
    const drifted = outcome.kind === 'rotated' && outcome.drift !== 0 ? devices.drifted(outcome.drift) : []
    emit({
      event: 'session.refreshed',
      outcome: 'success',
      reason: drifted.length === 0 ? outcome.kind : `${outcome.kind}, other ${drifted.join(' ')}`,
      sub: session.subject,
      sid: session.id,
      client_id: session.client,
      ...caller,
      ...ids,
    })
    if (outcome.kind === 'rotated' && outcome.rolledBack) tellRollback(session, 'success', caller)
  }

  function tellRollback(session: Session, result: 'success' | 'failure', caller: Caller): void {
    const about = { ...namesOf(session), ...caller }
    emit({ event: 'store.rollback', outcome: result, reason: 'generation_ahead', ...about })
  }

  /** The store ended and revoked the session in the same step. */
  function tellTheft(
    outcome: Extract<RotationOutcome, { kind: 'reused' | 'mismatched' }>,
    caller: Caller,
  ): void {
    const about = { ...namesOf(outcome.session), ...caller }
    const event = outcome.kind === 'reused' ? 'refresh.reused' : 'refresh.mismatched'
    const reason = outcome.kind === 'reused' ? 'token_reused' : devices.drifted(outcome.drift).join(' ')
    emit({ event, outcome: 'failure', reason, ...about })
    if (outcome.kind === 'reused' && outcome.rolledBack) tellRollback(outcome.session, 'failure', caller)
    parts.end.settle([ended(outcome.session)], { reason: event, caller })
  }
}

function namesOf({ subject, id, client }: Session): { sub: string; sid: string; client_id: string } {
  return { sub: subject, sid: id, client_id: client }
}
