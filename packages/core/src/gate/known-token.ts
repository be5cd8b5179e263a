import { tagOf } from '../ports/ids.ts'
import type { SubjectTag, TokenIdentity } from '../ports/model.ts'
import type { Candidate } from '../revocation/replica.ts'
import type { Claims } from '../tokens/claims.ts'
import type { Auth, Decision } from './seam.ts'

/** A token with a good signature, made ready so that a request with it needs nothing but look-ups. */
export class KnownToken implements Candidate {
  readonly token: string
  readonly allowed: Extract<Decision, { kind: 'allow' }>
  liveAt = -1
  /** Whether the store was told that the token's generation reached its client. */
  confirmed = false
  #tag: SubjectTag | undefined

  constructor(token: string, auth: Auth) {
    this.token = token
    this.allowed = Object.freeze({ kind: 'allow', auth })
  }
  get claims(): Claims {
    return this.allowed.auth.claims
  }
  get session(): string {
    return this.allowed.auth.session
  }
  get jti(): string {
    return this.claims.jti
  }
  get kid(): string {
    return this.allowed.auth.kid
  }
  get issuedAt(): number {
    return this.claims.iat
  }
  /** Needed only once a whole subject was revoked. */
  get tag(): SubjectTag {
    this.#tag ??= tagOf(this.claims.sub)
    return this.#tag
  }
}

/** What of a token revocations can concern. */
export function identityOf({ claims, kid }: Auth): TokenIdentity {
  return { session: claims.sid, tag: tagOf(claims.sub), jti: claims.jti, kid, issuedAt: claims.iat }
}

/** The caller, as the claims tell it. All requests with the token share it, so none of them may change it. */
export function authOf(claims: Claims, kid: string): Auth {
  const scopes = claims.scope === undefined || claims.scope === '' ? [] : claims.scope.split(' ')
  return Object.freeze({
    subject: claims.sub,
    session: claims.sid,
    client: claims.client_id,
    scopes: Object.freeze(scopes),
    kid,
    claims,
  })
}
