import type { Devices } from '../binding/device.ts'
import type { Clock, Random } from '../ports/clock.ts'
import { tagOfSession } from '../ports/ids.ts'
import type { Unavailable } from '../ports/outcome.ts'
import type { RetryKey, Session } from '../ports/session.ts'
import type { SessionStore } from '../ports/sessions.ts'
import type { Signer } from '../ports/signer.ts'
import type { KeyProof, RotationOutcome } from '../ports/steps/rotating.ts'
import type { Replica } from '../revocation/replica.ts'
import type { Caller, Visit } from '../seam/caller.ts'
import type { TokenIds } from '../tokens/issue.ts'
import type { EventToTell } from '../watch/event.ts'
import type { Emit } from '../watch/events.ts'
import { ended, type SessionEnd } from './end.ts'
import { createAtOnce } from './limit.ts'
import type { KeyUnavailable } from './open.ts'
import type { SessionSettings } from './settings.ts'
import type { RefreshTicket } from './tokens/refresh-token.ts'
import { createRetryKeys } from './tokens/retry-keys.ts'
import type { TokenSet, TokenSets } from './tokens/token-set.ts'

export type RefreshOutcome =
  | TokenSet
  /** The session is over. `reused` and `mismatched` have just ended it. */
  | { readonly kind: 'reused' | 'mismatched' | 'expired' | 'unknown' }
  /** The session belongs to another client or transport. Nothing changed. */
  | { readonly kind: 'wrong_client' }
  /** The session is bound to a key of its browser, which was not shown, or which the browser chose not to. Nothing changed. */
  | { readonly kind: 'unproven' | 'proof_skipped' }
  /** So much of the device changed that the user must authenticate again. Nothing changed. */
  | { readonly kind: 'challenged' }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number }
  | KeyUnavailable
  | Unavailable

/** What a browser shows of the key to which its session may be bound. */
export interface BrowserProof extends KeyProof {
  /** Why it shows none, as it says itself. */
  readonly skipped?: string | undefined
}

/**
 * @param client if given, it must be the client of the session
 * @param proof absent: no session needs one
 */
export type RefreshSession = (
  ticket: RefreshTicket,
  client: string | undefined,
  visit: Visit,
  proof?: BrowserProof | undefined,
) => Promise<RefreshOutcome>

export interface SessionRefreshParts {
  readonly store: Pick<SessionStore, 'rotate'>
  readonly replica: Pick<Replica, 'add' | 'marksOf'>
  readonly signer: () => Signer | undefined
  readonly tokenSets: TokenSets
  readonly end: Pick<SessionEnd, 'settle'>
  readonly devices: Devices
  readonly settings: SessionSettings
  readonly emit: Emit
  readonly clock: Clock
  readonly random: Random
}

/** When a client may try again that had too many refreshes at once. */
const RETRY_AT_ONCE_MS = 1000

/**
 * Exchanges a genuine refresh token for the next one and a new access token. Ends the session if the token may have
 * been stolen.
 */
export function createSessionRefresh(parts: SessionRefreshParts): RefreshSession {
  const { store, replica, tokenSets, devices, settings, emit, clock } = parts
  const atOnce = createAtOnce(settings.refreshesAtOnce)
  const retryKeys = createRetryKeys(settings.graceMs === 0, parts.random)

  return async (ticket, client, visit, proof) => {
    const tag = tagOfSession(ticket.session)
    if (!atOnce.enter(tag)) return limited(ticket, RETRY_AT_ONCE_MS, visit.caller)
    const key = retryKeys.of(ticket, visit.retryKey)
    let outcome: RefreshOutcome | undefined
    try {
      outcome = await refresh(ticket, client, visit, key, proof)
      return outcome
    } finally {
      atOnce.leave(tag)
      // The store may have made the next generation all the same, so whoever tries again must get it.
      if (outcome === undefined || mayBeRepeated(outcome)) retryKeys.remember(ticket, key)
      else if (!leavesAsItWas(outcome)) retryKeys.forget(ticket)
    }
  }

  async function refresh(
    ticket: RefreshTicket,
    client: string | undefined,
    visit: Visit,
    key: RetryKey | undefined,
    proof: BrowserProof | undefined,
  ): Promise<RefreshOutcome> {
    const signer = parts.signer()
    if (signer === undefined) return { kind: 'key_unavailable' }
    const { caller } = visit
    const device = devices.recognise(visit)
    const outcome = await store.rotate({
      id: ticket.session,
      generation: ticket.generation,
      transport: ticket.transport,
      bindings: device.bindings,
      driftRule: devices.rule,
      at: clock.now(),
      lifetimes: settings.lifetimes,
      known: replica.marksOf(tagOfSession(ticket.session)),
      graceMs: settings.graceMs,
      key,
      keyProof: proof && { jkt: proof.jkt },
      refreshLimit: settings.refreshLimit,
      convergedLimit: settings.convergedLimit,
      client,
      ip: caller.ip,
    })

    if (device.signals === 'malformed' && 'session' in outcome)
      emit(deviceChanged(outcome.session, 'success', 'signals_malformed'), caller)

    switch (outcome.kind) {
      case 'rotated':
      case 'converged':
      case 'contested': {
        if (outcome.kind === 'contested') tellContested(outcome, caller)
        const tokens = await tokenSets.issue(outcome.session, signer, outcome.issueFrom)
        if (tokens.kind === 'unsigned') return { kind: 'key_unavailable' }
        emitRefreshed(outcome, tokens.ids, caller)
        return tokens
      }
      case 'reused':
      case 'mismatched':
        endStolen(outcome, caller)
        return { kind: outcome.kind }
      case 'challenged':
        tellDrift(outcome, 'failure', 'step_up_required', caller)
        return { kind: 'challenged' }
      case 'limited':
        return limited(ticket, outcome.retryAfterMs, caller)
      case 'unproven':
        return unproven(ticket, proof, caller)
      case 'wrong_client':
      case 'expired':
      case 'unknown':
        emitRefused(`refresh_${outcome.kind}`, ticket, caller)
        return outcome
      case 'unavailable':
        return outcome
    }
  }

  function limited(ticket: RefreshTicket, retryAfterMs: number, caller: Caller): RefreshOutcome {
    emitRefused('refresh_limited', ticket, caller)
    return { kind: 'limited', retryAfterSeconds: Math.ceil(retryAfterMs / 1000) }
  }

  function unproven(ticket: RefreshTicket, proof: BrowserProof | undefined, caller: Caller): RefreshOutcome {
    const { skipped } = proof ?? {}
    emitRefused(skipped === undefined ? 'refresh_unproven' : `proof_skipped_${skipped}`, ticket, caller)
    return { kind: skipped === undefined ? 'unproven' : 'proof_skipped' }
  }

  function emitRefused(reason: string, { session: sid }: RefreshTicket, caller: Caller): void {
    emit({ event: 'token.refused', outcome: 'failure', sid, reason }, caller)
  }

  function emitRefreshed(
    outcome: Extract<RotationOutcome, { kind: 'rotated' | 'converged' | 'contested' }>,
    ids: TokenIds,
    caller: Caller,
  ): void {
    const { session, kind: reason } = outcome
    emit({ event: 'session.refreshed', outcome: 'success', reason, ...namesOf(session), ...ids }, caller)
    tellDrift(outcome, 'success', 'drift', caller)
    if (outcome.kind === 'rotated' && outcome.rolledBack) tellRollback(session, 'success', caller)
  }

  /** Each time, since neither a store nor a process keeps what it has told of a session. */
  function tellDrift(
    { session, drift }: { readonly session: Session; readonly drift: number },
    result: 'success' | 'failure',
    reason: string,
    caller: Caller,
  ): void {
    const changed = drift === 0 ? '' : devices.changed(drift)
    if (changed !== '') emit({ ...deviceChanged(session, result, reason), changed }, caller)
  }

  /** The store has already burnt the generation that the session skipped. */
  function tellContested(
    { session, previousIp }: Extract<RotationOutcome, { kind: 'contested' }>,
    caller: Caller,
  ): void {
    const burnt = session.generation - 1
    replica.add({ kind: 'generation', session: session.id, generation: burnt })
    const before = previousIp === undefined ? {} : { previous_ip: previousIp }
    const about = { ...namesOf(session), ...before }
    emit(
      { event: 'refresh.contested', outcome: 'success', reason: 'answer_lost_or_stolen', ...about },
      caller,
    )
  }

  function tellRollback(session: Session, result: 'success' | 'failure', caller: Caller): void {
    const about = namesOf(session)
    emit({ event: 'store.rollback', outcome: result, reason: 'generation_ahead', ...about }, caller)
  }

  /** The store has already ended and revoked the session. What is left is this process's replica and the events. */
  function endStolen(
    outcome: Extract<RotationOutcome, { kind: 'reused' | 'mismatched' }>,
    caller: Caller,
  ): void {
    const about = namesOf(outcome.session)
    const event = outcome.kind === 'reused' ? 'refresh.reused' : 'refresh.mismatched'
    const why =
      outcome.kind === 'reused'
        ? { reason: 'token_reused' }
        : { reason: 'other_device', changed: devices.changed(outcome.drift) }
    emit({ event, outcome: 'failure', ...why, ...about }, caller)
    if (outcome.kind === 'reused' && outcome.rolledBack) tellRollback(outcome.session, 'failure', caller)
    parts.end.settle([ended(outcome.session)], { reason: event, caller })
  }
}

function mayBeRepeated({ kind }: RefreshOutcome): boolean {
  return kind === 'unavailable' || kind === 'key_unavailable'
}

function leavesAsItWas({ kind }: RefreshOutcome): boolean {
  return ['wrong_client', 'unproven', 'proof_skipped', 'challenged', 'limited'].includes(kind)
}

function deviceChanged(session: Session, outcome: 'success' | 'failure', reason: string): EventToTell {
  return { event: 'device.changed', outcome, reason, ...namesOf(session) }
}

function namesOf({ subject, id, client }: Session): { sub: string; sid: string; client_id: string } {
  return { sub: subject, sid: id, client_id: client }
}
