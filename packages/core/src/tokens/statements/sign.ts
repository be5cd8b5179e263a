import type { Clock, Random } from '../../ports/clock.ts'
import type { Signer } from '../../ports/signer.ts'
import type { SignedJwt, SignJwt, Unsigned } from '../signing.ts'

/** The `typ` of JWTs that this deployment signs and that are no access tokens. None of them passes for another. */
export type StatementType = 'logout+jwt' | 'secevent+jwt' | 'token-introspection+jwt'

/** What a statement says. `iss` and `iat` are added. */
export interface StatementContent extends Readonly<Record<string, unknown>> {
  readonly aud: string | readonly string[]
  /** Default: a random one. */
  readonly jti?: string
}

/**
 * Signs a statement by the key that signs access tokens: a JWT that tells others what happened or what holds, and opens
 * no door.
 */
export type SignStatement = (typ: StatementType, content: StatementContent) => Promise<SignedJwt | Unsigned>

export interface StatementSigningParts {
  readonly issuer: string
  readonly signJwt: SignJwt
  /** `undefined` while there is no key to sign with. */
  readonly signer: () => Signer | undefined
  readonly clock: Clock
  readonly random: Random
}

const JTI_BYTES = 16

export function createStatementSigning(parts: StatementSigningParts): SignStatement {
  const { issuer, signJwt, signer, clock, random } = parts
  return async (typ, content) => {
    const key = signer()
    if (key === undefined) return { kind: 'unsigned' }
    const jti = Buffer.from(random(JTI_BYTES)).toString('base64url')
    return signJwt(key, typ, { jti, ...content, iss: issuer, iat: Math.floor(clock.now() / 1000) })
  }
}
