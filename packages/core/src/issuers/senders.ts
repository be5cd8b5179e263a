import { ConfigError } from '../errors.ts'
import type { FoundKey } from '../keys/ring.ts'
import type { Clock } from '../ports/clock.ts'
import type { SigningAlgorithm, VerificationKey } from '../ports/signer.ts'
import { readJwkSet } from './jwk-set.ts'
import { createRemoteKeys, type IssuerSettings, type RemoteKeys } from './remote.ts'

/**
 * Somebody whose signed statements are accepted, such as logout tokens: who it is, for whom the statements must be, and
 * where its keys are: in `jwks`, or by `discovery`.
 */
export interface SenderOptions {
  /** The exact `iss` of its statements: an https URL (or http on loopback). */
  readonly issuer: string
  /** The `aud` that its statements must have. If it is an array, one of these. */
  readonly audience: string | readonly string[]
  /** The URL of its JWK Set (https, or http on loopback; redirects are not followed), or the JWK Set itself. */
  readonly jwks?: string | { readonly keys: readonly object[] } | undefined
  /** Whether to find the JWK Set in the sender's metadata (OpenID Connect Discovery 1.0, or else RFC 8414). */
  readonly discovery?: true | undefined
  /** The accepted signature algorithms; `EdDSA` includes `Ed25519`. Default: `EdDSA`, `ES256`, `RS256` and `PS256`. */
  readonly algorithms?: readonly SigningAlgorithm[] | undefined
  /** The time limit for one complete fetch of its keys, in milliseconds. Default 3000; 100 to 30,000. */
  readonly timeoutMs?: number | undefined
  /** The least time between two fetches, in seconds. Default 30, or `maxAgeSeconds` if that is less; 1 to 3600. */
  readonly cooldownSeconds?: number | undefined
  /** The age at which its keys are fetched again, in seconds. Default 600; 1 to 86,400 (1 day). */
  readonly maxAgeSeconds?: number | undefined
  /** How long its keys may be used while fetches fail, in seconds. Default 86,400 (1 day); up to 604,800 (7 days). */
  readonly maxStaleSeconds?: number | undefined
}

/** Whose statements are accepted, for whom they must be, and where the sender's keys are. */
export interface StatementSender extends Omit<IssuerSettings, 'keys'> {
  /** The path of the sender in the options, for errors. */
  readonly path: string
  readonly audience: readonly [string, ...string[]]
  readonly keys: IssuerSettings['keys'] | { readonly kind: 'given'; readonly jwks: object }
}

/** Makes the keys of a sender. Throws a `ConfigError` if it is given keys of which none can be used. */
export async function createSenderKeys(
  sender: StatementSender,
  clock: Clock,
  notice: (message: string) => void,
): Promise<RemoteKeys> {
  const { keys, path, algorithms } = sender
  if (keys.kind !== 'given') return createRemoteKeys({ ...sender, keys }, clock, notice)
  const read = await readJwkSet(keys.jwks, algorithms)
  const given = read.kind === 'read' ? read.keys : new Map<string, VerificationKey>()
  if (given.size === 0) {
    const why = read.kind === 'read' ? [...read.leftOut].join('; ') : read.reason
    throw new ConfigError(`${path}.jwks`, {
      sentence: `"${path}.jwks" has no key that can be used${why === '' ? '' : `: ${why}`}`,
    })
  }
  return {
    start: () => Promise.resolve(),
    find: (kid, alg) => findIn(given, kid, alg === 'Ed25519' ? 'EdDSA' : alg),
    close: () => {},
  }
}

/** Without a name, only the only key for the algorithm is meant. */
function findIn(keys: ReadonlyMap<string, VerificationKey>, kid: string | undefined, alg: string): FoundKey {
  const fitting = [...keys.values()].filter(
    (key) => key.alg === alg && (kid === undefined || key.kid === kid),
  )
  const [key, ...more] = fitting
  return key === undefined || more.length > 0 ? { kind: 'unknown' } : { kind: 'found', key }
}
