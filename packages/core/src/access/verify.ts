import { isSessionId } from '../ports/ids.ts'
import type { SessionStore } from '../ports/sessions.ts'
import type { ProblemCode } from '../problems.ts'
import type { Auth } from '../seam/auth.ts'
import type { Callers, Sender } from '../seam/caller.ts'
import type { RequestView } from '../seam/http.ts'
import type { Audit } from '../watch/audit/index.ts'
import type { WhenTold } from '../watch/audit/verifications.ts'
import type { Events } from '../watch/events.ts'
import type { Tally } from '../watch/metrics/tally.ts'
import type { Standing, Standings } from './allow-list/index.ts'
import type { Inspect, Inspection } from './inspect.ts'
import { type KnownToken, namedBy } from './known-token.ts'
import type { AnswerFields, CheckPossession, Possession } from './possession.ts'

/** The verdict on a credential. Whatever events a refusal causes have already been emitted. */
export type AccessVerdict =
  | { readonly kind: 'allow'; readonly auth: Auth; readonly headers?: AnswerFields }
  | {
      readonly kind: 'refuse'
      readonly problem: ProblemCode
      readonly retryAfterSeconds?: number
      readonly headers?: AnswerFields
    }

/** What a route requires of a token. */
export interface AccessPolicy {
  /** Whose tokens are accepted: this deployment's, every trusted issuer's, or those of the issuers named. */
  readonly issuers: 'own' | 'all' | ReadonlySet<string>
  /** Whether API keys are accepted beside access tokens. */
  readonly apiKeys: 'refuse' | 'accept'
  /** Let a genuine token through while its revocation cannot be judged. */
  readonly whenUnavailable: 'refuse' | 'allow'
}

export interface Access {
  /**
   * Verifies an access token, and checks that it is still good. Returns a promise only if a signature has to be checked
   * or the store has to be asked.
   *
   * @param provenBy the request whose `DPoP` header has to prove that the sender holds the token's key; `undefined` for a
   * token that was sent as a bearer token
   */
  verify(
    token: string,
    sender: Sender,
    policy: AccessPolicy,
    provenBy?: RequestView,
  ): AccessVerdict | Promise<AccessVerdict>
  /** Refuses a request that has no readable token, and emits the event. */
  refuse(problem: ProblemCode, sender: Sender): AccessVerdict | Promise<AccessVerdict>
}

export interface AccessParts {
  readonly inspect: Inspect
  readonly possession: CheckPossession
  readonly standings: Pick<Standings, 'judge' | 'knowsRevoked'>
  readonly store: Pick<SessionStore, 'confirm'>
  readonly emit: Events['emit']
  readonly emitSoon: Events['emitSoon']
  readonly callers: Callers
  readonly tally: Tally
  readonly audit: Pick<Audit, 'required'>
  readonly whenTold: WhenTold | undefined
}

const UNWRITTEN: AccessVerdict = Object.freeze({ kind: 'refuse', problem: 'audit_unavailable' })

export function createAccess(parts: AccessParts): Access {
  const { inspect, possession, standings, store, emit, emitSoon, callers, tally, whenTold } = parts
  const { required } = parts.audit

  function refuse(
    problem: ProblemCode,
    sender: Sender,
    auth?: Auth,
    reason: string = problem,
  ): Extract<AccessVerdict, { kind: 'refuse' }> {
    if (problem !== 'token_missing')
      emit(
        { event: 'token.refused', outcome: 'failure', reason, ...(auth === undefined ? {} : namesOf(auth)) },
        callers.of(sender),
      )
    return { kind: 'refuse', problem }
  }

  function decide(
    inspection: Inspection,
    sender: Sender,
    policy: AccessPolicy,
    provenBy: RequestView | undefined,
  ): AccessVerdict | Promise<AccessVerdict> {
    switch (inspection.kind) {
      case 'genuine': {
        const { token } = inspection
        if (token.auth.credential === 'api_key' && policy.apiKeys === 'refuse')
          return refuse('token_invalid', sender, token.auth, 'token_api_key')
        if (!accepts(policy, token.auth)) return refuse('token_invalid', sender, token.auth, 'token_issuer')
        return token.boundTo === undefined && provenBy === undefined
          ? admit(token, sender, policy)
          : admitHolder(token, sender, policy, provenBy)
      }
      case 'expired':
        return refuse('token_expired', sender, inspection.token.auth)
      case 'malformed':
        return refuse('token_malformed', sender)
      case 'invalid':
        return refuse('token_invalid', sender, undefined, `token_${inspection.why}`)
      case 'early':
        return refuse('token_early', sender)
      case 'unavailable':
        return refuse(`${inspection.of}_unavailable`, sender)
      case 'limited':
        return {
          ...refuse('signatures_limited', sender),
          retryAfterSeconds: inspection.retryAfterSeconds,
        }
    }
  }

  function admit(
    known: KnownToken,
    sender: Sender,
    policy: AccessPolicy,
  ): AccessVerdict | Promise<AccessVerdict> {
    const standing = standings.judge(known)
    return standing instanceof Promise
      ? standing.then((judged) => settle(judged, known, sender, policy))
      : settle(standing, known, sender, policy)
  }

  /** A proof can be used once, so it is not looked at for a token that is known to be revoked. */
  function admitHolder(
    known: KnownToken,
    sender: Sender,
    policy: AccessPolicy,
    provenBy: RequestView | undefined,
  ): AccessVerdict | Promise<AccessVerdict> {
    if (standings.knowsRevoked(known)) return refuse('token_revoked', sender, known.auth)
    const possessed = possession(known, sender, provenBy)
    return possessed instanceof Promise
      ? possessed.then((outcome) => admitIfHeld(outcome, known, sender, policy))
      : admitIfHeld(possessed, known, sender, policy)
  }

  function admitIfHeld(
    possessed: Possession,
    known: KnownToken,
    sender: Sender,
    policy: AccessPolicy,
  ): AccessVerdict | Promise<AccessVerdict> {
    const { headers } = possessed
    const withHeaders = <V extends AccessVerdict>(verdict: V): V =>
      headers === undefined ? verdict : { ...verdict, headers }
    if (possessed.kind === 'refused') {
      const { problem, reason } = possessed
      if (reason !== undefined) refuse(problem, sender, known.auth, reason)
      return withHeaders({ kind: 'refuse', problem })
    }
    // Judged after the proof, since the token may have been revoked meanwhile.
    const verdict = admit(known, sender, policy)
    return verdict instanceof Promise ? verdict.then(withHeaders) : withHeaders(verdict)
  }

  function settle(
    standing: Standing,
    known: KnownToken,
    sender: Sender,
    { whenUnavailable }: AccessPolicy,
  ): AccessVerdict {
    switch (standing) {
      case 'live':
        tally.allowed++
        if (!known.confirmed) confirm(known)
        if (whenTold !== undefined) tellUse(whenTold(known, sender), known.auth, sender)
        return known.allowed
      case 'revoked':
        return refuse('token_revoked', sender, known.auth)
      case 'unlisted':
        return refuse('token_revoked', sender, known.auth, 'token_unlisted')
      case 'unavailable':
        emit(
          {
            event: 'decision.degraded',
            outcome: whenUnavailable === 'allow' ? 'success' : 'failure',
            reason: 'store_unavailable',
            ...namesOf(known.auth),
          },
          callers.of(sender),
        )
        return whenUnavailable === 'allow' ? known.allowed : { kind: 'refuse', problem: 'store_unavailable' }
    }
  }

  function tellUse(when: ReturnType<WhenTold>, auth: Auth, sender: Sender): void {
    if (when === 'never') return
    const event = () => ({ event: 'token.accepted', outcome: 'success', ...namesOf(auth) }) as const
    if (when === 'now') emit(event(), callers.of(sender))
    // A framework may know the address only as long as the connection is open.
    else emitSoon(event, callers.of({ ip: sender.ip, headers: sender.headers }))
  }

  /** Tells the store that the token's generation has reached its client. */
  function confirm(known: KnownToken): void {
    known.confirmed = true
    const { sid, gen } = known.claims
    if (!known.source.own || gen === undefined || sid === undefined || !isSessionId(sid)) return
    void store.confirm({ id: sid, generation: gen }).then((outcome) => {
      if (outcome.kind === 'unavailable') known.confirmed = false
    })
  }

  function verify(
    token: string,
    sender: Sender,
    policy: AccessPolicy,
    provenBy?: RequestView,
  ): AccessVerdict | Promise<AccessVerdict> {
    const inspection = inspect(token, sender)
    return inspection instanceof Promise
      ? inspection.then((inspected) => decide(inspected, sender, policy, provenBy))
      : decide(inspection, sender, policy, provenBy)
  }

  return {
    verify: required.decision(verify, () => UNWRITTEN),
    refuse: required.decision(
      (problem: ProblemCode, sender: Sender): AccessVerdict => refuse(problem, sender),
      () => UNWRITTEN,
    ),
  }
}

function accepts({ issuers }: AccessPolicy, { own, issuer }: Auth): boolean {
  if (typeof issuers === 'string') return own || issuers === 'all'
  return issuers.has(issuer)
}

/** As revocations name them, so that nobody takes a user of another issuer for one of ours. */
function namesOf(auth: Auth): { sub: string; sid?: string; jti?: string } {
  const sid = namedBy(auth, auth.session)
  const jti = namedBy(auth, auth.claims.jti)
  return {
    sub: namedBy(auth, auth.subject),
    ...(sid === undefined ? {} : { sid }),
    ...(jti === undefined ? {} : { jti }),
  }
}
