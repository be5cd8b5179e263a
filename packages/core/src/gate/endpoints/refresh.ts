import type { Session } from '../../ports/model.ts'
import type { RotationOutcome } from '../../ports/store.ts'
import type { ProblemCode } from '../../problems.ts'
import type { Answer, RequestView } from '../../seam/http.ts'
import type { RefreshTicket } from '../../sessions/refresh-token.ts'
import type { TokenNames } from '../../tokens/issue.ts'
import type { EventName } from '../../watch/events.ts'
import { type RefusalDetails, refusal } from '../answer.ts'
import { readForm } from '../body.ts'
import { mint } from '../mint.ts'
import { type Caller, callerOf, type GateParts, userAgentOf } from '../parts.ts'
import type { Handle } from '../routes.ts'

/** How the answers of one endpoint differ: the cookie route clears what is dead, the token route says 400 (RFC 6749, 5.2). */
type Refuse = (code: ProblemCode, details?: RefusalDetails) => Answer

/** `POST /refresh`: swaps the refresh cookie for the next one and a new access token. */
export function createRefresh(parts: GateParts): Handle {
  const dead: Refuse = (code, details) => refusal(code, { ...details, cookies: [parts.cookie.clear()] })
  return (view) => {
    const cookie = parts.cookie.read(view)
    if (cookie.kind === 'none') return refusal('refresh_missing')
    if (cookie.kind === 'repeated') return refusal('refresh_repeated')
    const ticket = parts.refreshTokens.read(cookie.value)
    if (ticket?.transport !== 'cookie') return dead(forged(parts, view))
    return rotate(parts, view, ticket, undefined, dead)
  }
}

/** `POST /token` with `grant_type=refresh_token` (RFC 6749, section 6), for clients without cookies. */
export function createTokenEndpoint(parts: GateParts): (view: RequestView) => Promise<Answer> {
  const refuse: Refuse = (code, details) => refusal(code, { status: 400, ...details })
  return async (view) => {
    const form = await readForm(view)
    if (form.kind === 'refused') return refusal(form.problem)
    const grantType = form.value.get('grant_type')
    if (grantType === undefined || grantType === '') return refusal('body_malformed')
    if (grantType !== 'refresh_token') return refusal('grant_type_unsupported')
    const token = form.value.get('refresh_token')
    if (token === undefined || token === '') return refusal('body_malformed')
    const ticket = parts.refreshTokens.read(token)
    if (ticket?.transport !== 'body') return refuse(forged(parts, view))
    // A parameter without a value counts as not sent (RFC 6749, 3.1).
    return rotate(parts, view, ticket, form.value.get('client_id') || undefined, refuse)
  }
}

async function rotate(
  parts: GateParts,
  view: RequestView,
  ticket: RefreshTicket,
  client: string | undefined,
  refuse: Refuse,
): Promise<Answer> {
  // Signing comes after the swap, so what it needs is made sure of before.
  const signer = parts.ring.signer()
  if (signer === undefined) return refusal('store_down')
  const caller = callerOf(view)
  const outcome = await parts.store.sessions.rotate({
    id: ticket.session,
    generation: ticket.generation,
    transport: ticket.transport,
    bindings: parts.devices.read(userAgentOf(view)).bindings,
    enforced: parts.devices.enforced,
    at: parts.clock.now(),
    lifetimes: parts.sessions.lifetimes,
    graceMs: parts.sessions.graceMs,
    recoverLost: parts.sessions.recoverLost,
    refreshLimit: parts.sessions.refreshLimit,
    convergedLimit: parts.sessions.convergedLimit,
    client,
    ip: caller.ip,
  })

  switch (outcome.kind) {
    case 'rotated':
    case 'converged': {
      const minted = await mint(parts, signer, outcome.session, outcome.issueFrom)
      // The token that was presented still converges: its successor was never seen in use.
      if (minted === undefined) return refusal('signer_down')
      tellRefresh(parts, caller, outcome, minted.issued)
      return minted.answer
    }
    case 'reused':
    case 'mismatched':
      parts.replica.add({ kind: 'session', session: outcome.session.id })
      tellTheft(parts, caller, outcome)
      return refuse(outcome.kind === 'reused' ? 'refresh_reused' : 'refresh_mismatched')
    case 'limited':
      tell(parts, caller, ticket.session, 'refresh_limited')
      return refusal('refresh_limited', { retryAfterSeconds: Math.ceil(outcome.retryAfterMs / 1000) })
    case 'foreign':
      tell(parts, caller, ticket.session, 'refresh_foreign')
      return refusal('refresh_foreign', { status: 400 })
    case 'expired':
    case 'unknown': {
      const code = outcome.kind === 'expired' ? 'refresh_expired' : 'refresh_unknown'
      tell(parts, caller, ticket.session, code)
      return refuse(code)
    }
    case 'unavailable':
      return refusal('store_down')
  }
}

/** A value that was never issued, or not for this endpoint. */
function forged(parts: GateParts, view: RequestView): ProblemCode {
  parts.emit({ event: 'token.refused', outcome: 'failure', reason: 'refresh_unknown', ...callerOf(view) })
  return 'refresh_unknown'
}

function tell(parts: GateParts, caller: Caller, sid: string, reason: ProblemCode): void {
  parts.emit({ event: 'token.refused', outcome: 'failure', sid, reason, ...caller })
}

function tellRefresh(
  parts: GateParts,
  caller: Caller,
  outcome: Extract<RotationOutcome, { kind: 'rotated' | 'converged' }>,
  issued: TokenNames,
): void {
  const about = describe(outcome.session)
  const drifted =
    outcome.kind === 'rotated' && outcome.drift !== 0 ? parts.devices.drifted(outcome.drift) : []
  const reason = drifted.length === 0 ? outcome.kind : `${outcome.kind}, other ${drifted.join(' ')}`
  parts.emit({ event: 'session.refreshed', outcome: 'success', reason, ...about, ...caller, ...issued })
  if (outcome.kind === 'rotated' && outcome.rolledBack)
    parts.emit({
      event: 'store.rollback',
      outcome: 'success',
      reason: 'generation_ahead',
      ...about,
      ...caller,
    })
}

function tellTheft(
  parts: GateParts,
  caller: Caller,
  outcome: Extract<RotationOutcome, { kind: 'reused' | 'mismatched' }>,
): void {
  const about = { ...describe(outcome.session), ...caller }
  const event: EventName = outcome.kind === 'reused' ? 'refresh.reused' : 'refresh.mismatched'
  const reason = outcome.kind === 'reused' ? 'token_reused' : parts.devices.drifted(outcome.drift).join(' ')
  parts.emit({ event, outcome: 'failure', reason, ...about })
  if (outcome.kind === 'reused' && outcome.rolledBack)
    parts.emit({ event: 'store.rollback', outcome: 'failure', reason: 'generation_ahead', ...about })
  parts.emit({ event: 'session.ended', outcome: 'success', reason: event, ...about })
}

function describe(session: Session): { sub: string; sid: string; client_id: string } {
  return { sub: session.subject, sid: session.id, client_id: session.client }
}
