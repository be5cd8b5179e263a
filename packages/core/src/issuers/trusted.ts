import { ConfigError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import { ACCESS_TOKEN_TYPES, type TokenSource } from '../tokens/source.ts'
import { createRemoteKeys, type IssuerSettings } from './remote.ts'

/** An issuer whose access tokens are accepted, and for whom they must be. */
export interface TrustedIssuer extends IssuerSettings {
  readonly audience: readonly [string, ...string[]]
  readonly untyped: boolean
}

export interface TrustedIssuers {
  readonly sources: readonly TokenSource[]
  /** Fetches the keys once. Resolves also where an issuer cannot be reached. */
  start(): Promise<void>
  close(): void
}

const LEEWAY_SECONDS = 5

/** The other issuers of the options. Throws a `ConfigError` where one of them is this deployment. */
export function createTrustedIssuers(
  issuers: readonly TrustedIssuer[],
  ownIssuer: string,
  clock: Clock,
  notice: (message: string) => void,
): TrustedIssuers {
  const own = issuers.findIndex(({ issuer }) => issuer === ownIssuer)
  if (own !== -1)
    throw new ConfigError(`issuers.${own}.issuer`, {
      sentence: `"issuers.${own}.issuer" is this deployment's own "issuer"`,
    })
  const both = issuers.map((trusted) => {
    const { issuer, audience, untyped } = trusted
    const keys = createRemoteKeys(trusted, clock, notice)
    const source: TokenSource = {
      own: false,
      issuer,
      audience,
      types: untyped ? new Set([...ACCESS_TOKEN_TYPES, 'JWT', undefined]) : ACCESS_TOKEN_TYPES,
      leewaySeconds: LEEWAY_SECONDS,
      rememberedMs: trusted.cooldownSeconds * 1000,
      find: keys.find,
    }
    return { source, keys }
  })
  return {
    sources: both.map(({ source }) => source),
    async start() {
      await Promise.all(both.map(({ keys }) => keys.start()))
    },
    close() {
      for (const { keys } of both) keys.close()
    },
  }
}
