import { LRUCache } from 'lru-cache'
import { tagOf } from '../ports/ids.ts'
import type { SubjectTag, TokenIdentity } from '../ports/model.ts'
import type { Candidate } from '../revocation/replica.ts'
import type { Auth, Decision } from '../seam/http.ts'
import type { Claims } from '../tokens/claims.ts'
import type { TokenSource } from '../tokens/verify.ts'

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

/** Scopes of this many kinds are remembered. */
const SCOPES_REMEMBERED = 500

/**
 * Makes what tells the caller, as the claims have it. All requests with a token share it, so none of them may change
 * it; and all tokens of one scope share its list, which costs more to make than all the rest.
 */
export function createAuthReader(): (claims: Claims, kid: string) => Auth {
  const lists = new LRUCache<string, readonly string[]>({ max: SCOPES_REMEMBERED })

  function scopesIn(text: string): readonly string[] {
    const known = lists.get(text)
    if (known !== undefined) return known
    const list = Object.freeze(text === '' ? [] : text.split(' '))
    lists.set(text, list)
    return list
  }

  return (claims, kid) =>
    Object.freeze({
      subject: claims.sub,
      session: claims.sid,
      client: claims.client_id,
      scopes: scopesIn(claims.scope ?? ''),
      kid,
      claims,
    })
}
