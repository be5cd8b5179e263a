import { LRUCache } from 'lru-cache'
import type { ProblemCode } from '../problems.ts'
import { isSessionId, tagOf } from '../sessions/ids.ts'
import type { Claims } from '../tokens/claims.ts'
import { type VerifiedToken, verifyAccessToken } from '../tokens/verify.ts'
import { refusal } from './answer.ts'
import { readBearer } from './bearer.ts'
import { callerOf, type GateParts } from './parts.ts'
import type { Auth, Decision, RequestView } from './seam.ts'

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
  verify(view: RequestView): Decision | Promise<Decision>
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

  async function judge(token: string, view: RequestView): Promise<Decision> {
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
        return admit(verified.claims, verified.kid, view)
    }
  }

  async function admit(claims: Claims, kid: string, view: RequestView): Promise<Decision> {
    const judgement = await parts.replica.judge({
      session: claims.sid,
      tag: tagOf(claims.sub),
      jti: claims.jti,
      kid,
      issuedAt: claims.iat,
    })
    switch (judgement) {
      case 'revoked':
        return refuse('token_revoked', view, claims)
      case 'unavailable':
        return refuse('store_down', view, claims)
      case 'live':
        confirm(claims)
        return { kind: 'allow', auth: authOf(claims) }
    }
  }

  /** Tells the store, once, that this generation reached its client. */
  function confirm({ sid, gen }: Claims): void {
    if (gen === undefined || confirmed.get(sid) === gen || !isSessionId(sid)) return
    confirmed.set(sid, gen)
    parts.store.sessions.confirm({ id: sid, generation: gen })
  }

  return {
    inspect,
    verify(view) {
      const credential = readBearer(view)
      switch (credential.kind) {
        case 'none':
          return refuse('token_missing', view)
        case 'repeated':
          return refuse('authorization_repeated', view)
        case 'malformed':
          return refuse('token_malformed', view)
        case 'token':
          return judge(credential.token, view)
      }
    },
  }
}

function authOf(claims: Claims): Auth {
  const scopes = claims.scope === undefined || claims.scope === '' ? [] : claims.scope.split(' ')
  return { subject: claims.sub, session: claims.sid, client: claims.client_id, scopes, claims }
}
