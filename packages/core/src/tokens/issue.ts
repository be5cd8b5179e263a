import { randomUUID } from 'node:crypto'
import type { Clock } from '../ports/clock.ts'
import type { Session } from '../ports/model.ts'
import type { Signer } from '../ports/signer.ts'

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
export type IssueToken = (
  session: Session,
  signer: Signer,
  settings: IssueSettings,
  issueFrom: number,
) => Promise<IssuedToken>

export function createTokenIssue(clock: Clock): IssueToken {
  /** All tokens of one signer begin with the same text. */
  const headers = new WeakMap<Signer, string>()

  function headerOf(signer: Signer): string {
    const known = headers.get(signer)
    if (known !== undefined) return known
    const header = encoded({ alg: signer.alg, typ: 'at+jwt', kid: signer.kid })
    headers.set(signer, header)
    return header
  }

  return async (session, signer, settings, issueFrom) => {
    const issuedAt = Math.max(Math.floor(clock.now() / 1000), issueFrom)
    const [audience, ...more] = settings.audience
    const jti = randomUUID()
    const claims = {
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
    }
    const token = await signed(`${headerOf(signer)}.${encoded(claims)}`, signer)
    return { token, jti, kid: signer.kid, expiresIn: settings.ttlSeconds }
  }
}

/** A compact JWS (RFC 7515, section 7.1), put together here since a key may be where no library reaches it. */
async function signed(input: string, signer: Signer): Promise<string> {
  const signature = signer.sign(Buffer.from(input, 'latin1'))
  const bytes = signature instanceof Promise ? await signature : signature
  return `${input}.${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url')}`
}

function encoded(json: object): string {
  return Buffer.from(JSON.stringify(json)).toString('base64url')
}
