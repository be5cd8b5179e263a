import type { FoundKey, KeyRing } from '../keys/ring.ts'

/** The claim that says for whom a token is. Without `aud`, some issuers leave nothing but the client. */
export type AudienceClaim = 'aud' | 'client_id'

/** An issuer whose access tokens are accepted. */
export interface TokenSource {
  /** Whether the issuer is this deployment, whose tokens belong to sessions in its store. */
  readonly own: boolean
  /** The exact `iss`. */
  readonly issuer: string
  /** The claim that names the audience must contain one of these. */
  readonly audience: readonly string[]
  readonly audienceClaim: AudienceClaim
  /** The accepted values of `typ`; `undefined` stands for a header without it. */
  readonly types: ReadonlySet<string | undefined>
  /** The tolerance for clock skew at `exp`. For `iat` and `nbf` it is five seconds. */
  readonly leewaySeconds: number
  /** How long a token may be remembered as genuine. It is limited if it or its key may be withdrawn without an announcement. */
  readonly rememberedMs: number
  /** Finds the key for a token. Returns a promise only if the issuer or the store has to be asked. */
  find(kid: string | undefined, alg: string): FoundKey | Promise<FoundKey>
}

/** The values of `typ` that access tokens have (RFC 9068, section 2.1). */
export const ACCESS_TOKEN_TYPES: ReadonlySet<string | undefined> = new Set(['at+jwt', 'application/at+jwt'])

export interface OwnSource extends TokenSource {
  readonly audience: readonly [string, ...string[]]
}

const NO_KEY: FoundKey = { kind: 'unknown' }

/** This deployment as an issuer: it has the keys of the ring, and no tolerance at `exp`. */
export function ownSource(
  { issuer, audience }: Pick<OwnSource, 'issuer' | 'audience'>,
  ring: Pick<KeyRing, 'find'>,
): OwnSource {
  return {
    own: true,
    issuer,
    audience,
    audienceClaim: 'aud',
    types: ACCESS_TOKEN_TYPES,
    leewaySeconds: 0,
    // If a key of the ring is compromised, every process learns of it.
    rememberedMs: Number.POSITIVE_INFINITY,
    find: (kid) => (kid === undefined ? NO_KEY : ring.find(kid)),
  }
}
