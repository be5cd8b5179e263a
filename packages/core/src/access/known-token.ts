import { LRUCache } from 'lru-cache'
import { isApiKeyId, type SubjectTag, sessionOfApiKey, tagOf } from '../ports/ids.ts'
import { foreignName, type TokenIdentity } from '../ports/revocations.ts'
import type { BoundTo } from '../ports/session.ts'
import type { Candidate } from '../revocation/replica.ts'
import type { Auth, Claims } from '../seam/auth.ts'
import { boundIn } from '../tokens/confirmation.ts'
import type { TokenSource } from '../tokens/source.ts'
import type { JudgedToken } from '../tokens/verify.ts'
import type { ToldToken } from '../watch/audit/verifications.ts'

/** A genuine token, prepared so that a request with it needs nothing but lookups. */
export class KnownToken implements Candidate, ToldToken {
  readonly token: string
  readonly allowed: { readonly kind: 'allow'; readonly auth: Auth }
  readonly source: TokenSource
  /** Until when its issuer is assumed not to have withdrawn the token or its key. Milliseconds of the monotonic clock. */
  readonly genuineUntil: number
  /** What whoever sends the token must have besides it; `undefined`: nothing, it is a bearer token. */
  readonly boundTo: BoundTo | undefined
  liveAt = -1
  lookedAt: number | undefined = undefined
  /** Whether the store knows that the token's generation has reached its client. */
  confirmed = false
  told: ToldToken['told'] = undefined
  #tag: SubjectTag | undefined

  constructor(token: string, auth: Auth, source: TokenSource, now: number) {
    this.token = token
    this.source = source
    this.genuineUntil = now + source.rememberedMs
    const bound = boundIn(auth.claims, auth.own)
    // Such a token is not genuine: see `judged`.
    this.boundTo = bound === 'unknown' ? {} : bound
    this.allowed = Object.freeze({ kind: 'allow', auth })
  }
  get auth(): Auth {
    return this.allowed.auth
  }
  get claims(): Claims {
    return this.allowed.auth.claims
  }
  get own(): boolean {
    return this.allowed.auth.own
  }
  get session(): string | undefined {
    return sessionNameOf(this.allowed.auth)
  }
  get generation(): number | undefined {
    return generationOf(this.allowed.auth)
  }
  get jti(): string | undefined {
    return namedBy(this.allowed.auth, this.claims.jti)
  }
  get kid(): string | undefined {
    return namedBy(this.allowed.auth, this.allowed.auth.kid)
  }
  get issuedAt(): number | undefined {
    return this.claims.iat
  }
  /** Computed on first use, because it is needed only if a whole subject was revoked. */
  get tag(): SubjectTag {
    this.#tag ??= subjectTagOf(this.allowed.auth)
    return this.#tag
  }
}

/** The parts of the caller's token to which revocations refer. */
export function identityOf(auth: Auth): TokenIdentity {
  const { claims, kid } = auth
  return {
    own: auth.own,
    session: sessionNameOf(auth),
    generation: generationOf(auth),
    tag: subjectTagOf(auth),
    jti: namedBy(auth, claims.jti),
    kid: namedBy(auth, kid),
    issuedAt: claims.iat,
  }
}

/**
 * A subject of another issuer is somebody else, even if the names are equal. An API key has a tag that nobody else has:
 * what is revoked of its subject's tokens, such as by a sign-out everywhere, does not concern it.
 */
function subjectTagOf({ subject, issuer, own, credential, claims }: Auth): SubjectTag {
  if (credential === 'api_key') return tagOf(`API key ${claims.jti}`)
  return tagOf(own ? subject : foreignName(issuer, subject))
}

/** What revocations call the session of a token. To them, an API key is a session by itself. */
function sessionNameOf(auth: Auth): string | undefined {
  const { credential, subject, claims } = auth
  if (credential === 'api_key' && claims.jti !== undefined && isApiKeyId(claims.jti))
    return sessionOfApiKey(tagOf(subject), claims.jti)
  return namedBy(auth, auth.session)
}

/** A session, token or key of another issuer is another one, even if the names are equal. */
export function namedBy<Name extends string | undefined>({ issuer, own }: Auth, name: Name): Name | string {
  return own || name === undefined ? name : foreignName(issuer, name)
}

/** What another issuer means by `gen` is not known. */
function generationOf({ own, claims }: Auth): number | undefined {
  return own ? claims.gen : undefined
}

const SCOPES_REMEMBERED = 500

/**
 * Makes the `Auth` for a token's claims. It is frozen, because all requests with the token share it. All tokens with
 * the same scope share one array, because the array costs more to make than the rest of the `Auth`.
 */
export function createAuthReader(): (token: JudgedToken) => Auth {
  const arrays = new LRUCache<string, readonly string[]>({ max: SCOPES_REMEMBERED })

  function scopesIn(scope: string): readonly string[] {
    const known = arrays.get(scope)
    if (known !== undefined) return known
    const scopes = Object.freeze(scope === '' ? [] : scope.split(' '))
    arrays.set(scope, scopes)
    return scopes
  }

  return ({ claims, kid, source, credential }) =>
    Object.freeze({
      issuer: claims.iss,
      own: source.own,
      credential,
      subject: claims.sub,
      session: claims.sid,
      client: claims.client_id,
      scopes: scopesIn(claims.scope ?? ''),
      kid,
      claims,
    })
}
