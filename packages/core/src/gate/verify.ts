import { LRUCache } from 'lru-cache'
import { ConfigError } from '../errors.ts'
import { isSessionId, tagOf } from '../ports/ids.ts'
import type { TokenIdentity } from '../ports/model.ts'
import type { ProblemCode } from '../problems.ts'
import type { Claims } from '../tokens/claims.ts'
import { type VerifiedToken, verifyAccessToken } from '../tokens/verify.ts'
import { refusal } from './answer.ts'
import { readBearer } from './bearer.ts'
import { callerOf, type GateParts } from './parts.ts'
import type { Auth, Decision, RequestView } from './seam.ts'

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
   * and so is a store that would have to be asked and does not answer.
   *
   * Does NOT check scopes: put a guard behind it.
   *
   * @see [RFC 6750, section 3](https://www.rfc-editor.org/rfc/rfc6750.html#section-3)
   */
  verifier(options?: VerifyOptions): Verify
  /** Verifies a token apart from any request and from revocation. */
  inspect(token: string): Promise<VerifiedToken>
}

/** How many sessions are remembered as confirmed, so that each generation is reported once. */
const CONFIRMED = 50_000

export function createVerifier(parts: GateParts): Verifier {
  const confirmed = new LRUCache<string, number>({ max: CONFIRMED })

  function refuse(code: ProblemCode, view: RequestView, claims?: Claims): Decision {
    if (code !== 'token_missing')
      parts.emit({
        event: 'token.refused',
        outcome: 'failure',
        reason: code,
        ...callerOf(view),
        ...(claims === undefined ? {} : { sub: claims.sub, sid: claims.sid, jti: claims.jti }),
      })
    return { kind: 'refuse', answer: refusal(code) }
  }

  function inspect(token: string): Promise<VerifiedToken> {
    return verifyAccessToken(token, parts.ring, parts.tokens, parts.clock)
  }

  async function judge(token: string, view: RequestView, failOpen: boolean): Promise<Decision> {
    const verified = await inspect(token)
    switch (verified.kind) {
      case 'malformed':
        return refuse('token_malformed', view)
      case 'invalid':
        return refuse('token_invalid', view)
      case 'early':
        return refuse('token_early', view)
      case 'unavailable':
        return refuse('store_down', view)
      case 'expired':
        return refuse('token_expired', view, verified.claims)
      case 'genuine':
        return admit(verified, view, failOpen)
    }
  }

  async function admit(
    { claims, kid }: { readonly claims: Claims; readonly kid: string },
    view: RequestView,
    failOpen: boolean,
  ): Promise<Decision> {
    const judgement = await parts.replica.judge(identityOf(claims, kid))
    switch (judgement) {
      case 'revoked':
        return refuse('token_revoked', view, claims)
      case 'unavailable':
        tellDegraded(claims, view, failOpen)
        return failOpen
          ? { kind: 'allow', auth: authOf(claims, kid) }
          : { kind: 'refuse', answer: refusal('store_down') }
      case 'live':
        confirm(claims)
        return { kind: 'allow', auth: authOf(claims, kid) }
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

  /** Tells the store, once, that this generation reached its client. */
  function confirm({ sid, gen }: Claims): void {
    if (gen === undefined || confirmed.get(sid) === gen || !isSessionId(sid)) return
    confirmed.set(sid, gen)
    void parts.store.sessions.confirm({ id: sid, generation: gen }).then((outcome) => {
      if (outcome.kind === 'unavailable' && confirmed.get(sid) === gen) confirmed.delete(sid)
    })
  }

  return {
    inspect,
    verifier(options = {}) {
      const failOpen = parseVerifyOptions(options).whenUnavailable === 'allow'
      return (view) => {
        const credential = readBearer(view)
        switch (credential.kind) {
          case 'none':
            return refuse('token_missing', view)
          case 'repeated':
            return refuse('authorization_repeated', view)
          case 'malformed':
            return refuse('token_malformed', view)
          case 'token':
            return judge(credential.token, view, failOpen)
        }
      }
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

/** What of a token revocations can concern. */
export function identityOf(claims: Claims, kid: string): TokenIdentity {
  return { session: claims.sid, tag: tagOf(claims.sub), jti: claims.jti, kid, issuedAt: claims.iat }
}

function authOf(claims: Claims, kid: string): Auth {
  const scopes = claims.scope === undefined || claims.scope === '' ? [] : claims.scope.split(' ')
  return { subject: claims.sub, session: claims.sid, client: claims.client_id, scopes, kid, claims }
}
