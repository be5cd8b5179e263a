import { ConfigError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import { ACCESS_TOKEN_TYPES, type AudienceClaim, type TokenSource } from '../tokens/source.ts'
import { createRemoteKeys, type IssuerSettings } from './remote.ts'
import { isSecure } from './secure-url.ts'

/** Another issuer whose access tokens are accepted. */
export interface TrustedIssuer extends IssuerSettings {
  /** The claim of its tokens that names the audience must contain one of these. */
  readonly audience: readonly [string, ...string[]]
  readonly audienceClaim: AudienceClaim
  /** Whether `typ` may also be `JWT` or absent. */
  readonly untyped: boolean
}

export interface TrustedIssuers {
  readonly sources: readonly TokenSource[]
  /** Fetches the keys of each issuer once. Resolves even if an issuer cannot be reached. */
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
      sentence: `"issuers.${index}.issuer" is the "issuer" of this deployment, which is always accepted: remove it`,
    })
  const issuersWithKeys = issuers.map((trusted) => {
    const { issuer, audience, audienceClaim, untyped } = trusted
    const { kind, url } = trusted.keys
    if (kind === 'jwks' && !isSecure(url))
      notice(
        `the keys of the issuer "${issuer}" are fetched over http from ${url.host}: whoever can change what is answered there can make access tokens for any of its users`,
      )
    const keys = createRemoteKeys(trusted, clock, notice)
    const source: TokenSource = {
      own: false,
      issuer,
      audience,
      audienceClaim,
      types: untyped ? new Set([...ACCESS_TOKEN_TYPES, 'JWT', undefined]) : ACCESS_TOKEN_TYPES,
      leewaySeconds: LEEWAY_SECONDS,
      rememberedMs: trusted.cooldownSeconds * 1000,
      find: keys.find,
    }
    return { source, keys }
  })
  return {
    sources: issuersWithKeys.map(({ source }) => source),
    async start() {
      await Promise.all(issuersWithKeys.map(({ keys }) => keys.start()))
    },
    close() {
      for (const { keys } of issuersWithKeys) keys.close()
    },
  }
}
