import { tagOf } from '../ports/ids.ts'
import type { SubjectTag, TokenIdentity } from '../ports/model.ts'
import type { Candidate } from '../revocation/replica.ts'
import type { Claims } from '../tokens/claims.ts'
import type { TokenSource } from '../tokens/verify.ts'
import type { Auth, Decision } from './seam.ts'

/** A token with a good signature, made ready so that a request with it needs nothing but look-ups. */
export class KnownToken implements Candidate {
  readonly token: string
  readonly allowed: Extract<Decision, { kind: 'allow' }>
  readonly source: TokenSource
  /** Until when, by the monotonic clock, the key that verified it is trusted to be still good. */
  readonly genuineUntil: number
  liveAt = -1
  /** Whether the store was told that the token's generation reached its client. */
  confirmed = false
  #tag: SubjectTag | undefined

  constructor(token: string, auth: Auth, source: TokenSource, now: number) {
    this.token = token
    this.source = source
    this.genuineUntil = now + source.rememberedMs
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
    return kidOf(this.allowed.auth, this.source.own)
  }
  get issuedAt(): number {
    return this.claims.iat
  }
  /** Needed only once a whole subject was revoked. */
  get tag(): SubjectTag {
    this.#tag ??= subjectTagOf(this.claims, this.source.own)
    return this.#tag
  }
}

/** What of a token revocations can concern. */
export function identityOf(auth: Auth, ownIssuer: string): TokenIdentity {
  const { claims } = auth
  const own = claims.iss === ownIssuer
  return {
    session: claims.sid,
    tag: subjectTagOf(claims, own),
    jti: claims.jti,
    kid: kidOf(auth, own),
    issuedAt: claims.iat,
  }
}

/** Another issuer's subject is somebody else, though their names be the same. */
function subjectTagOf({ sub, iss }: Claims, own: boolean): SubjectTag {
  return tagOf(own ? sub : `${iss} ${sub}`)
}

/** Another issuer's key is another one, too. */
function kidOf({ kid, claims }: Auth, own: boolean): string {
  return own ? kid : `${claims.iss} ${kid}`
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
