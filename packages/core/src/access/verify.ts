import { ConfigError } from '../errors.ts'
import { type RefusalDetails, refusal } from '../gate/answer.ts'
import { readBearer } from '../gate/bearer.ts'
import { callerOf, type GateParts } from '../gate/parts.ts'
import { isSessionId } from '../ports/ids.ts'
import type { ProblemCode } from '../problems.ts'
import type { Judgement } from '../revocation/replica.ts'
import type { Decision, RequestView } from '../seam/http.ts'
import type { Claims } from '../tokens/claims.ts'
import { timesOf, type VerifiedToken } from '../tokens/verify.ts'
import { createAuthReader, KnownToken } from './known-token.ts'
import { createTokenCache, tailOf } from './token-cache.ts'

/** What a protected route may choose for itself. */
export interface VerifyOptions {
  /**
   * What to do with a token that is genuine and not known to be revoked, when this process's copy of the
   * revocations is too old and the store does not answer. Default `refuse`: 503. With `allow` it is let
   * through, and told as `decision.degraded`.
   */
  readonly whenUnavailable?: 'refuse' | 'allow' | undefined
}

export type Verify = (view: RequestView) => Decision | Promise<Decision>

export interface Verifier {
  /**
   * Checks the access token of one request.
   *
   * Gives `allow`, or `refuse` with a finished answer. A missing, bad or revoked token is a refusal,
   * and so is a store that would have to be asked and does not answer. A promise is given only where a
   * signature has to be checked or the store to be asked.
   *
   * Does NOT check scopes: put a guard behind it.
   *
   * @see [RFC 6750, section 3](https://www.rfc-editor.org/rfc/rfc6750.html#section-3)
   */
  verifier(options?: VerifyOptions): Verify
  /** The same, for tokens of this deployment alone: what it keeps is for nobody else's subjects to see and to end. */
  own: Verify
  /** Verifies a token apart from revocation; a token verified before is not verified again. */
  inspect(token: string, view: RequestView): Inspection | Promise<Inspection>
}

export type Inspection =
  | { readonly kind: 'genuine' | 'expired'; readonly token: KnownToken }
  /** It was not looked into: the caller had too many looked into already. */
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number }
  | Exclude<VerifiedToken, { readonly claims: Claims }>

export function createVerifier(parts: GateParts): Verifier {
  const cache = createTokenCache<KnownToken>(parts.tokenCache)
  const authOf = createAuthReader()
  const underWay = new Map<string, { readonly token: string; readonly inspection: Promise<Inspection> }>()

  function refuse(
    code: ProblemCode,
    view: RequestView,
    claims?: Claims,
    details?: RefusalDetails,
  ): Extract<Decision, { kind: 'refuse' }> {
    if (code !== 'token_missing')
      parts.emit({
        event: 'token.refused',
        outcome: 'failure',
        reason: code,
        ...callerOf(view),
        ...(claims === undefined ? {} : { sub: claims.sub, sid: claims.sid, jti: claims.jti }),
      })
    return { kind: 'refuse', answer: refusal(code, details) }
  }

  function inspect(token: string, view: RequestView): Inspection | Promise<Inspection> {
    const known = cache.get(token)
    if (known === undefined || isOutdated(known)) return inspectNew(token, view)
    switch (timesOf(known.claims, known.source, parts.clock)) {
      case 'good':
        return { kind: 'genuine', token: known }
      case 'early':
        return { kind: 'early' }
      case 'over':
        cache.drop(token)
        return { kind: 'expired', token: known }
    }
  }

  /** Whether its key may have been withdrawn meanwhile; of our own keys that is told. */
  function isOutdated({ source, genuineUntil }: KnownToken): boolean {
    return !source.own && parts.clock.monotonic() > genuineUntil
  }

  /** Requests that come with the same new token at once wait for one check of its signature. */
  function inspectNew(token: string, view: RequestView): Inspection | Promise<Inspection> {
    const running = runningCheckOf(token)
    if (running !== undefined) return running
    const wait = parts.signatureLimit(view)
    return wait instanceof Promise
      ? wait.then((late) => runningCheckOf(token) ?? inspectUnlessLimited(token, late))
      : inspectUnlessLimited(token, wait)
  }

  function runningCheckOf(token: string): Promise<Inspection> | undefined {
    const running = underWay.get(tailOf(token))
    return running?.token === token ? running.inspection : undefined
  }

  function inspectUnlessLimited(token: string, retryAfterSeconds: number): Inspection | Promise<Inspection> {
    if (retryAfterSeconds > 0) return { kind: 'limited', retryAfterSeconds }
    const verified = parts.verifyToken(token)
    if (!(verified instanceof Promise)) return remember(token, verified)
    const tail = tailOf(token)
    const inspection = verified.then(
      (late) => {
        underWay.delete(tail)
        return remember(token, late)
      },
      (cause) => {
        underWay.delete(tail)
        throw cause
      },
    )
    underWay.set(tail, { token, inspection })
    return inspection
  }

  function remember(token: string, verified: VerifiedToken): Inspection {
    if (verified.kind !== 'genuine' && verified.kind !== 'expired') return verified
    const known = new KnownToken(
      token,
      authOf(verified.claims, verified.kid),
      verified.source,
      parts.clock.monotonic(),
    )
    if (verified.kind === 'genuine') cache.add(known)
    return { kind: verified.kind, token: known }
  }

  function decide(
    inspection: Inspection,
    view: RequestView,
    failOpen: boolean,
    ownOnly: boolean,
  ): Decision | Promise<Decision> {
    switch (inspection.kind) {
      case 'genuine':
        return ownOnly && !inspection.token.source.own
          ? refuse('token_invalid', view)
          : admit(inspection.token, view, failOpen)
      case 'expired':
        return refuse('token_expired', view, inspection.token.claims)
      case 'malformed':
        return refuse('token_malformed', view)
      case 'invalid':
        return refuse('token_invalid', view)
      case 'early':
        return refuse('token_early', view)
      case 'unavailable':
        return refuse('store_down', view)
      case 'limited':
        return refuse('signatures_limited', view, undefined, inspection)
    }
  }

  function admit(known: KnownToken, view: RequestView, failOpen: boolean): Decision | Promise<Decision> {
    const judgement = parts.replica.judge(known)
    return judgement instanceof Promise
      ? judgement.then((late) => settle(late, known, view, failOpen))
      : settle(judgement, known, view, failOpen)
  }

  function settle(judgement: Judgement, known: KnownToken, view: RequestView, failOpen: boolean): Decision {
    switch (judgement) {
      case 'live':
        if (!known.confirmed) confirm(known)
        return known.allowed
      case 'revoked':
        cache.drop(known.token)
        return refuse('token_revoked', view, known.claims)
      case 'unavailable':
        tellDegraded(known.claims, view, failOpen)
        return failOpen ? known.allowed : { kind: 'refuse', answer: refusal('store_down') }
    }
  }

  function tellDegraded({ sub, sid, jti }: Claims, view: RequestView, failOpen: boolean): void {
    const outcome = failOpen ? 'success' : 'failure'
    parts.emit({
      event: 'decision.degraded',
      outcome,
      reason: 'store_down',
      sub,
      sid,
      jti,
      ...callerOf(view),
    })
  }

  /** Tells the store that the token's generation reached its client. */
  function confirm(known: KnownToken): void {
    known.confirmed = true
    const { sid, gen } = known.claims
    if (!known.source.own || gen === undefined || !isSessionId(sid)) return
    void parts.store.sessions.confirm({ id: sid, generation: gen }).then((outcome) => {
      if (outcome.kind === 'unavailable') known.confirmed = false
    })
  }

  /** @param ownOnly whether a token of another issuer is refused */
  function verify(view: RequestView, failOpen: boolean, ownOnly: boolean): Decision | Promise<Decision> {
    const credential = readBearer(view)
    switch (credential.kind) {
      case 'token': {
        const inspection = inspect(credential.token, view)
        return inspection instanceof Promise
          ? inspection.then((late) => decide(late, view, failOpen, ownOnly))
          : decide(inspection, view, failOpen, ownOnly)
      }
      case 'none':
        return refuse('token_missing', view)
      case 'repeated':
        return refuse('authorization_repeated', view)
      case 'malformed':
        return refuse('token_malformed', view)
    }
  }

  return {
    inspect,
    own: (view) => verify(view, false, true),
    verifier(options = {}) {
      const failOpen = parseVerifyOptions(options).whenUnavailable === 'allow'
      return (view) => verify(view, failOpen, false)
    },
  }
}

function parseVerifyOptions(given: VerifyOptions): Required<VerifyOptions> {
  const { whenUnavailable = 'refuse', ...unknown } = given
  const [name] = Object.keys(unknown)
  if (name !== undefined)
    throw new ConfigError(`authMiddleware.${name}`, 'left out, since there is no such option')
  if (whenUnavailable !== 'refuse' && whenUnavailable !== 'allow')
    throw new ConfigError(
      'authMiddleware.whenUnavailable',
      'one of "refuse", "allow"',
      JSON.stringify(whenUnavailable),
    )
  return { whenUnavailable }
}
