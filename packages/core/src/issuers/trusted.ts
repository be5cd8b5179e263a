import { ConfigError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import { ACCESS_TOKEN_TYPES, type AudienceClaim, type TokenSource } from '../tokens/source.ts'
import type { Introspect } from '../tokens/verify.ts'
import { createIntrospection, type IssuerIdentity } from './introspection.ts'
import type { IntrospectionSettings } from './questions.ts'
import { createRemoteKeys, type IssuerSettings, type RemoteKeys } from './remote.ts'
import { isSecure } from './secure-url.ts'

/** Another issuer whose access tokens are accepted: signed ones, opaque ones, or both. */
export interface TrustedIssuer extends Omit<IssuerSettings, 'keys'> {
  /** `undefined`: its signed tokens are not accepted. */
  readonly keys: IssuerSettings['keys'] | undefined
  /** How it is asked about its opaque tokens. `undefined`: they are not accepted. At most one issuer has it. */
  readonly introspection: IntrospectionSettings | undefined
  /** The claim of its tokens that names the audience must contain one of these. */
  readonly audience: readonly [string, ...string[]]
  readonly audienceClaim: AudienceClaim
  /** Whether `typ` may also be `JWT` or absent. */
  readonly untyped: boolean
}

export interface TrustedIssuers {
  /** The source of each issuer. */
  readonly sources: readonly TokenSource[]
  /** `undefined`: no opaque tokens are accepted. */
  readonly introspect: Introspect | undefined
  /** Asks each issuer once for what is needed later. Resolves even if an issuer cannot be reached. */
  start(): Promise<void>
  close(): void
}

const LEEWAY_SECONDS = 5

/** Makes the other issuers in the options. Throws a `ConfigError` if one of them is this deployment. */
export function createTrustedIssuers(
  issuers: readonly TrustedIssuer[],
  ownIssuer: string,
  clock: Clock,
  notice: (message: string) => void,
): TrustedIssuers {
  const index = issuers.findIndex(({ issuer }) => issuer === ownIssuer)
  if (index !== -1)
    throw new ConfigError(`issuers.${index}.issuer`, {
      sentence: `"issuers.${index}.issuer" is the "issuer" of this deployment, which is always accepted: remove it, or give one of the two deployments an "issuer" of its own`,
    })
  const signed = issuers.flatMap((trusted) =>
    trusted.keys === undefined ? [] : [createSigned(trusted, trusted.keys, clock, notice)],
  )
  const opaque = issuers.flatMap((trusted) =>
    trusted.introspection === undefined
      ? []
      : [createIntrospection(issuerOf(trusted), trusted.introspection, clock, notice)],
  )
  const parts = [...signed, ...opaque]
  return {
    // Of an issuer with both, the one of its signed tokens: a token that names its issuer is signed.
    sources: issuers.flatMap(
      ({ issuer }) => parts.find(({ source }) => source.issuer === issuer)?.source ?? [],
    ),
    introspect: opaque[0]?.introspect,
    async start() {
      await Promise.all(parts.map((part) => part.start()))
    },
    close() {
      for (const part of parts) part.close()
    },
  }
}

/** Verifies the signed tokens of another issuer. */
interface Signed extends Pick<RemoteKeys, 'start' | 'close'> {
  readonly source: TokenSource
}

function createSigned(
  trusted: TrustedIssuer,
  from: IssuerSettings['keys'],
  clock: Clock,
  notice: (message: string) => void,
): Signed {
  const { kind, url } = from
  if (kind === 'jwks' && !isSecure(url))
    notice(
      `the keys of the issuer "${trusted.issuer}" are fetched over http from ${url.host}: whoever can change what is answered there can make access tokens for any of its users`,
    )
  const { find, start, close } = createRemoteKeys({ ...trusted, keys: from }, clock, notice)
  const source: TokenSource = {
    ...issuerOf(trusted),
    types: trusted.untyped ? new Set([...ACCESS_TOKEN_TYPES, 'JWT', undefined]) : ACCESS_TOKEN_TYPES,
    rememberedMs: trusted.cooldownSeconds * 1000,
    find,
  }
  return { source, start, close }
}

function issuerOf({ issuer, audience, audienceClaim }: TrustedIssuer): IssuerIdentity {
  return { own: false, issuer, audience, audienceClaim, leewaySeconds: LEEWAY_SECONDS }
}
