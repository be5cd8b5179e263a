import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import type { Clock } from '../ports/clock.ts'
import type { Session } from '../ports/model.ts'
import type { SigningKey } from '../ports/signer.ts'

export interface IssueSettings {
  readonly issuer: string
  readonly audience: readonly [string, ...string[]]
  readonly ttlSeconds: number
}

export interface IssuedToken {
  readonly token: string
  readonly jti: string
  readonly kid: string
  readonly expiresIn: number
}

/**
 * Signs an access token for a session.
 *
 * @param issueFrom earliest `iat`, in seconds: later than any revocation of the whole subject
 */
export async function issueAccessToken(
  session: Session,
  key: SigningKey,
  settings: IssueSettings,
  clock: Clock,
  issueFrom: number,
): Promise<IssuedToken> {
  const issuedAt = Math.max(Math.floor(clock.now() / 1000), issueFrom)
  const [audience, ...more] = settings.audience
  const jti = randomUUID()
  const token = await new SignJWT({
    iss: settings.issuer,
    sub: session.subject,
    aud: more.length === 0 ? audience : [audience, ...more],
    exp: issuedAt + settings.ttlSeconds,
    iat: issuedAt,
    jti,
    client_id: session.client,
    scope: session.scope,
    sid: session.id,
    gen: session.generation,
    auth_time: session.authenticatedAt,
    ...(session.acr === undefined ? {} : { acr: session.acr }),
    ...(session.amr === undefined ? {} : { amr: [...session.amr] }),
  })
    .setProtectedHeader({ alg: key.alg, typ: 'at+jwt', kid: key.kid })
    .sign(key.privateKey)
  return { token, jti, kid: key.kid, expiresIn: settings.ttlSeconds }
}
