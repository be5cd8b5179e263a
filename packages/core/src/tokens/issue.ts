import type { Clock, Random } from '../ports/clock.ts'
import type { BoundTo, Session } from '../ports/session.ts'
import type { Signer } from '../ports/signer.ts'
import type { AccessClaims } from '../seam/auth.ts'
import { isThenable } from '../thenable.ts'
import { assuranceAt, elevationAt } from './assurance.ts'
import type { CustomClaims } from './custom/custom-claims.ts'
import type { TokenForm } from './forms/form.ts'
import type { SignJwt, Unsigned } from './signing.ts'

export interface IssueSettings {
  readonly issuer: string
  readonly audience: readonly [string, ...string[]]
}

/** The names of a token in events. */
export interface TokenIds {
  readonly jti: string
  /** The key that signed the token; a reference token has none. */
  readonly kid?: string
}

export interface IssuedToken {
  readonly kind: 'issued'
  readonly token: string
  readonly ids: TokenIds
  /** Seconds. */
  readonly expiresIn: number
}

export interface IssueRequest {
  readonly session: Session
  readonly signer: Signer
  readonly ttlSeconds: number
  /** The earliest `iat`, in seconds since the epoch, so that no revocation of the whole subject concerns the token. */
  readonly issueFrom: number
}

/** Issues an access token. Rejects with a `ClaimsError` if claims of the application must not be in it. */
export type IssueToken = (request: IssueRequest) => Promise<IssuedToken | Unsigned>

export interface IssueParts {
  readonly settings: IssueSettings
  readonly form: TokenForm
  readonly customClaims: CustomClaims | undefined
  readonly clock: Clock
  readonly random: Random
  readonly signJwt: SignJwt
}

const JTI_BYTES = 16

export function createTokenIssue({
  settings,
  form,
  customClaims,
  clock,
  random,
  signJwt,
}: IssueParts): IssueToken {
  return async ({ session, signer, ttlSeconds, issueFrom }) => {
    const issuedAt = Math.max(Math.floor(clock.now() / 1000), issueFrom)
    const times = { issuedAt, expiresAt: issuedAt + ttlSeconds }
    if (form.kind === 'reference') {
      const raised = elevationAt(session, issuedAt) === undefined ? {} : ({ raised: true } as const)
      const reference = { session: session.id, generation: session.generation, ...times, ...raised }
      const { token, jti } = form.references.mint(reference)
      return { kind: 'issued', token, ids: { jti }, expiresIn: ttlSeconds }
    }
    const jti = base64url(random(JTI_BYTES))
    const custom = customClaims === undefined ? undefined : await customClaims(session)
    const content = claimsOf(session, settings, { ...times, jti }, custom)
    const signing = signJwt(signer, 'at+jwt', content)
    const signed = isThenable(signing) ? await signing : signing
    if (signed.kind === 'unsigned') return signed
    const token = form.kind === 'jwt' ? signed.jwt : await form.encryption.encrypt(signed.jwt, signer.kid)
    return { kind: 'issued', token, ids: { jti, kid: signer.kid }, expiresIn: ttlSeconds }
  }
}

/** The claims of a session's access token (RFC 9068, section 2.2). */
export function claimsOf(
  session: Session,
  { issuer, audience: [audience, ...more] }: Pick<IssueSettings, 'issuer' | 'audience'>,
  token: { readonly jti: string; readonly issuedAt: number; readonly expiresAt: number },
  custom: Readonly<Record<string, unknown>> | undefined,
): AccessClaims {
  const { authenticatedAt, acr, amr } = assuranceAt(session, token.issuedAt)
  // Members are added one by one, because an object that is put together by spreading costs ten times as much.
  const claims: Writable<AccessClaims> = {
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
    auth_time: authenticatedAt,
  }
  if (acr !== undefined) claims.acr = acr
  if (amr !== undefined) claims.amr = [...amr]
  if (session.boundTo !== undefined) confirm(claims, session.boundTo)
  return custom === undefined ? claims : { ...custom, ...claims }
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] }

/** Says what the client must prove to have (RFC 7800, section 3.1), and the hash of its cookie. */
function confirm(claims: Writable<AccessClaims>, { jkt, x5t, fgp }: BoundTo): void {
  const cnf = { ...(jkt === undefined ? {} : { jkt }), ...(x5t === undefined ? {} : { 'x5t#S256': x5t }) }
  if ((jkt ?? x5t) !== undefined) claims.cnf = cnf
  if (fgp !== undefined) claims.fgp = fgp
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url')
}
