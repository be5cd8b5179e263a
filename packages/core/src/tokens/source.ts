import type { FoundKey, KeyRing } from '../keys/ring.ts'

/** One issuer whose access tokens are accepted. */
export interface TokenSource {
  /** Whether it is this deployment, whose tokens belong to the sessions in its store. */
  readonly own: boolean
  /** Exact `iss`. */
  readonly issuer: string
  /** `aud` must name one of these. */
  readonly audience: readonly string[]
  /** What `typ` may be; `undefined` stands for a header without it. */
  readonly types: ReadonlySet<string | undefined>
  /** Tolerance for clock skew at `exp`; `iat` and `nbf` get five seconds. */
  readonly leewaySeconds: number
  /** How long a token may be remembered as genuine, since its key may be withdrawn meanwhile. */
  readonly rememberedMs: number
  find(kid: string | undefined, alg: string): FoundKey | Promise<FoundKey>
}

/** RFC 9068, section 2.1. */
export const ACCESS_TOKEN_TYPES: ReadonlySet<string | undefined> = new Set(['at+jwt', 'application/at+jwt'])

export interface OwnSource extends TokenSource {
  readonly audience: readonly [string, ...string[]]
}

const NO_KEY: FoundKey = { kind: 'unknown' }

/** This deployment as an issuer: the keys of its ring, no tolerance at `exp`. */
export function ownSource(
  { issuer, audience }: Pick<OwnSource, 'issuer' | 'audience'>,
  ring: Pick<KeyRing, 'find'>,
): OwnSource {
  return {
    own: true,
    issuer,
    audience,
    types: ACCESS_TOKEN_TYPES,
    leewaySeconds: 0,
    // Every process is told when a key of the ring is no longer to be trusted.
    rememberedMs: Number.POSITIVE_INFINITY,
    find: (kid) => (kid === undefined ? NO_KEY : ring.find(kid)),
  }
}
