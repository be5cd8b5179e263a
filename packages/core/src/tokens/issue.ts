import { createOutage, type Outage } from '../dependencies/outage.ts'
import { SallyportError } from '../errors.ts'
import type { Clock, Random } from '../ports/clock.ts'
import type { BoundTo, Session } from '../ports/session.ts'
import type { Signer } from '../ports/signer.ts'
import type { AccessClaims } from '../seam/auth.ts'
import { isThenable } from '../thenable.ts'
import { assuranceAt, elevationAt } from './assurance.ts'
import type { CustomClaims } from './custom/custom-claims.ts'
import type { TokenForm } from './forms/form.ts'

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

/** The key failed to sign, for example because it is in an HSM that cannot be reached. */
export type Unsigned = { readonly kind: 'unsigned' }

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
  /** Gets a message when a key begins to fail to sign, and one when it signs again. */
  readonly notice: (message: string) => void
}

const JTI_BYTES = 16
/** A key that fails now and then, such as under load, is told once. */
const QUIET_MS = 1000

export function createTokenIssue({
  settings,
  form,
  customClaims,
  clock,
  random,
  notice,
}: IssueParts): IssueToken {
  const outages = new WeakMap<Signer, Outage>()
  /** All tokens of one signer have the same header. */
  const headers = new WeakMap<Signer, string>()

  function headerOf(signer: Signer): string {
    const known = headers.get(signer)
    if (known !== undefined) return known
    const header = encoded({ alg: signer.alg, typ: 'at+jwt', kid: signer.kid })
    headers.set(signer, header)
    return header
  }

  function outageOf(signer: Signer): Outage {
    const known = outages.get(signer)
    if (known !== undefined) return known
    const back = `the key ${signer.kid} signs again`
    const outage = createOutage({ back, quietMs: QUIET_MS, now: clock.monotonic, notice })
    outages.set(signer, outage)
    return outage
  }

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
    const input = `${headerOf(signer)}.${encoded(content)}`
    let jwt: string
    try {
      const signature = signer.sign(Buffer.from(input, 'latin1'))
      jwt = compact(input, isThenable(signature) ? await signature : signature)
      outages.get(signer)?.served()
    } catch (cause) {
      outageOf(signer).failed(
        `the key ${signer.kid} failed to sign (${reasonOf(cause)}): check that it can be reached`,
      )
      return { kind: 'unsigned' }
    }
    const token = form.kind === 'jwt' ? jwt : await form.encryption.encrypt(jwt, signer.kid)
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

/** A compact JWS (RFC 7515, section 7.1). It is assembled here because `jose` cannot sign with a key in an HSM. */
function compact(input: string, signature: Uint8Array): string {
  return `${input}.${base64url(signature)}`
}

/** The messages of our own errors are made to be shown. Others may hold anything, such as the input. */
function reasonOf(cause: unknown): string {
  if (cause instanceof SallyportError) return cause.message
  return cause instanceof Error ? cause.name : 'not an Error'
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url')
}

function encoded(json: object): string {
  return Buffer.from(JSON.stringify(json)).toString('base64url')
}
