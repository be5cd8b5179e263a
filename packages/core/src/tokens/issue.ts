import { randomUUID } from 'node:crypto'
import type { Clock } from '../ports/clock.ts'
import type { Session } from '../ports/model.ts'
import type { Signer } from '../ports/signer.ts'
import type { AccessClaims } from './claims.ts'
import type { OwnClaims } from './custom-claims.ts'
import type { TokenEncryption } from './forms/nested.ts'
import type { References } from './forms/reference.ts'

export interface IssueSettings {
  readonly issuer: string
  readonly audience: readonly [string, ...string[]]
  readonly ttlSeconds: number
}

/** By what a token is known to others. */
export interface TokenNames {
  readonly jti: string
  /** Of the key that signed it, if one did. */
  readonly kid?: string
}

export interface IssuedToken {
  readonly kind: 'issued'
  readonly token: string
  readonly names: TokenNames
  readonly expiresIn: number
}

/** A key that lies elsewhere did not sign. */
export type Unsigned = { readonly kind: 'unsigned' }

export interface IssueOrder {
  readonly session: Session
  readonly signer: Signer
  readonly ttlSeconds: number
  /** Earliest `iat`, in seconds: later than any revocation of the whole subject. */
  readonly issueFrom: number
}

/** Makes an access token for a session. Rejects with a `ClaimsError` for claims of the application's that must not be in it. */
export type IssueToken = (order: IssueOrder) => Promise<IssuedToken | Unsigned>

/** What access tokens are made of. */
export type TokenForm =
  /** A signed JWT, which everybody can read. */
  | { readonly kind: 'jwt' }
  /** The same, encrypted for this deployment alone. */
  | { readonly kind: 'encrypted'; readonly encryption: TokenEncryption }
  /** Nothing but the name of a session, under a MAC. */
  | { readonly kind: 'reference'; readonly references: References }

export interface IssueParts {
  readonly settings: IssueSettings
  readonly form: TokenForm
  readonly ownClaims: OwnClaims | undefined
  readonly clock: Clock
  /** Told, once for each key, that it failed to sign. */
  readonly notice: (message: string) => void
}

export function createTokenIssue({ settings, form, ownClaims, clock, notice }: IssueParts): IssueToken {
  const failed = new WeakSet<Signer>()
  /** All tokens of one signer begin with the same text. */
  const headers = new WeakMap<Signer, string>()

  function headerOf(signer: Signer): string {
    const known = headers.get(signer)
    if (known !== undefined) return known
    const header = encoded({ alg: signer.alg, typ: 'at+jwt', kid: signer.kid })
    headers.set(signer, header)
    return header
  }

  function tellFailure(signer: Signer, cause: unknown): void {
    if (!failed.has(signer))
      notice(`the key ${signer.kid} failed to sign (${cause instanceof Error ? cause.name : 'something'})`)
    failed.add(signer)
  }

  return async ({ session, signer, ttlSeconds, issueFrom }) => {
    const issuedAt = Math.max(Math.floor(clock.now() / 1000), issueFrom)
    const times = { issuedAt, expiresAt: issuedAt + ttlSeconds }
    if (form.kind === 'reference') {
      const reference = { session: session.id, generation: session.generation, ...times }
      const { token, jti } = form.references.mint(reference)
      return { kind: 'issued', token, names: { jti }, expiresIn: ttlSeconds }
    }
    const jti = randomUUID()
    const own = ownClaims === undefined ? undefined : await ownClaims(session)
    const content = claimsOf(session, settings, { ...times, jti }, own)
    const input = `${headerOf(signer)}.${encoded(content)}`
    let jwt: string
    try {
      const signature = signer.sign(Buffer.from(input, 'latin1'))
      jwt = compact(input, signature instanceof Promise ? await signature : signature)
    } catch (cause) {
      tellFailure(signer, cause)
      return { kind: 'unsigned' }
    }
    const token = form.kind === 'jwt' ? jwt : await form.encryption.encrypt(jwt, signer.kid)
    return { kind: 'issued', token, names: { jti, kid: signer.kid }, expiresIn: ttlSeconds }
  }
}

/** The claims of an access token of a session (RFC 9068, section 2.2). */
export function claimsOf(
  session: Session,
  { issuer, audience: [audience, ...more] }: Pick<IssueSettings, 'issuer' | 'audience'>,
  token: { readonly jti: string; readonly issuedAt: number; readonly expiresAt: number },
  own: Readonly<Record<string, unknown>> | undefined,
): AccessClaims {
  return {
    ...own,
    iss: issuer,
    sub: session.subject,
    aud: more.length === 0 ? audience : [audience, ...more],
    exp: token.expiresAt,
    iat: token.issuedAt,
    jti: token.jti,
    client_id: session.client,
    scope: session.scope,
    sid: session.id,
    gen: session.generation,
    auth_time: session.authenticatedAt,
    ...(session.acr === undefined ? {} : { acr: session.acr }),
    ...(session.amr === undefined ? {} : { amr: [...session.amr] }),
  }
}

/** A compact JWS (RFC 7515, section 7.1), put together here since a key may be where no library reaches it. */
function compact(input: string, signature: Uint8Array): string {
  const bytes = Buffer.from(signature.buffer, signature.byteOffset, signature.length)
  return `${input}.${bytes.toString('base64url')}`
}

function encoded(json: object): string {
  return Buffer.from(JSON.stringify(json)).toString('base64url')
}
