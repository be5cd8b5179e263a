import { createOutage } from '../dependencies/outage.ts'
import { patiently } from '../dependencies/patience.ts'
import type { FoundKey } from '../keys/ring.ts'
import type { Clock } from '../ports/clock.ts'
import type { SigningAlgorithm, VerificationKey } from '../ports/signer.ts'
import { discover } from './discovery.ts'
import { fetchDocument } from './document.ts'
import { type ReadKeys, readJwkSet } from './jwk-set.ts'

/** Another issuer, and how its keys are fetched. */
export interface IssuerSettings {
  /** The `iss` of its tokens. Its metadata must name exactly this. */
  readonly issuer: string
  /** The URL of its JWK Set, or the URL of the issuer, from which that of its metadata follows. */
  readonly keys:
    | { readonly kind: 'jwks'; readonly url: URL }
    | { readonly kind: 'discovery'; readonly url: URL }
  /** Accepted signature algorithms. A key that names no algorithm is used for the first one that it supports. */
  readonly algorithms: readonly SigningAlgorithm[]
  /** The time limit for one complete fetch: metadata and JWK Set, headers and bodies. */
  readonly timeoutMs: number
  /** The least time between the end of a fetch, whether or not it succeeded, and the start of the next. */
  readonly cooldownSeconds: number
  /** The age at which a JWK Set is fetched again. The old one is used meanwhile. */
  readonly maxAgeSeconds: number
  /** The age from which a JWK Set is no longer used. */
  readonly maxStaleSeconds: number
}

/** The public keys of another issuer. */
export interface RemoteKeys {
  /** Fetches the keys once. Resolves even if the issuer cannot be reached. */
  start(): Promise<void>
  /**
   * Finds the key with this name and algorithm; without a name, the only key for the algorithm. `EdDSA` and `Ed25519`
   * count as the same (RFC 9864). Never rejects.
   *
   * Asks the issuer about a key that is not known here, but at most once in `cooldownSeconds` for all callers together.
   * The key is `unavailable` if the issuer may know it but cannot be asked now.
   */
  find(kid: string | undefined, alg: string): FoundKey | Promise<FoundKey>
  /** Aborts a running fetch. */
  close(): void
}

/**
 * After this many maximum ages without a fetch, a lookup waits for the next fetch instead of using the old keys,
 * because a key that was withdrawn meanwhile must not verify another token.
 */
const AGES_UNASKED = 2
/** The pause after the first fetch if it failed. */
const FIRST_PAUSE_MS = 1000

/**
 * Keeps the keys that one issuer published last. While the issuer fails, they are used until they are older than
 * `maxStaleSeconds`.
 *
 * @param notice gets a message for each key that is left out, when fetching starts to fail, and when it works again
 */
export function createRemoteKeys(
  settings: IssuerSettings,
  clock: Clock,
  notice: (message: string) => void,
): RemoteKeys {
  const cooldownMs = settings.cooldownSeconds * 1000
  const maxAgeMs = settings.maxAgeSeconds * 1000
  const maxStaleMs = settings.maxStaleSeconds * 1000
  let keys: ReadonlyMap<string, VerificationKey> = new Map()
  let fetchedAt = Number.NEGATIVE_INFINITY
  let triedAt = Number.NEGATIVE_INFINITY
  /** The pause until the next fetch while none has succeeded. Doubles with each. */
  let coldPauseMs = FIRST_PAUSE_MS / 2
  let reported: ReadonlySet<string> = new Set()
  let fetching: Promise<void> | undefined
  let abort = new AbortController()
  let closed = false
  const outage = createOutage({
    back: `the keys of the issuer "${settings.issuer}" can be fetched again`,
    quietMs: 0,
    now: clock.monotonic,
    notice,
  })

  async function fetchKeys(): Promise<void> {
    const askedAt = clock.monotonic()
    abort = new AbortController()
    const answered = patiently(settings.timeoutMs, () => abort.abort())
    const read = await readKeys(settings, abort.signal)
    answered()
    triedAt = clock.monotonic()
    if (read.kind === 'read') reportLeftOut(read.leftOut)
    if (read.kind === 'failed') return fail(read.reason)
    if (read.keys.size === 0) return fail('its JWK Set has no key that can be used')
    keys = read.keys
    fetchedAt = askedAt
    outage.served()
  }

  function fail(reason: string): void {
    if (!closed) outage.failed(`the keys of the issuer "${settings.issuer}" cannot be fetched: ${reason}`)
  }

  function reportLeftOut(leftOut: ReadonlySet<string>): void {
    for (const sentence of leftOut)
      if (!reported.has(sentence)) notice(`of the issuer "${settings.issuer}", ${sentence}`)
    reported = leftOut
  }

  /** Joins a running fetch, or starts one unless the last one was too recent. */
  function refresh(): Promise<void> | undefined {
    // Without any keys each request is refused, so an issuer that starts later is asked again soon.
    const pauseMs = keys.size === 0 ? Math.min(cooldownMs, coldPauseMs) : cooldownMs
    if (fetching === undefined && !closed && clock.monotonic() - triedAt >= pauseMs)
      fetching = fetchKeys().finally(() => {
        coldPauseMs *= 2
        fetching = undefined
      })
    return fetching
  }

  function findHere(kid: string | undefined, alg: SigningAlgorithm): FoundKey {
    const age = clock.monotonic() - fetchedAt
    if (age > maxStaleMs) return { kind: 'unavailable' }
    const key = kid === undefined ? onlyKey(keys, alg) : keys.get(kid)
    if (key?.alg === alg) return { kind: 'found', key }
    return { kind: !closed && !outage.isAway() && age <= maxAgeMs ? 'unknown' : 'unavailable' }
  }

  return {
    async start() {
      await refresh()
    },
    find(kid, alg) {
      const name = alg === 'Ed25519' ? 'EdDSA' : alg
      const allowed = settings.algorithms.find((algorithm) => algorithm === name)
      if (allowed === undefined) return { kind: 'unknown' }
      const found = findHere(kid, allowed)
      const now = clock.monotonic()
      if (found.kind === 'found' && now - fetchedAt <= maxAgeMs) return found
      const wasAskedRecently = now - triedAt <= maxAgeMs * AGES_UNASKED
      const refreshed = refresh()
      if (refreshed === undefined || (found.kind === 'found' && wasAskedRecently)) return found
      return refreshed.then(() => findHere(kid, allowed))
    },
    close() {
      closed = true
      abort.abort()
    },
  }
}

async function readKeys(
  { issuer, keys, algorithms }: IssuerSettings,
  signal: AbortSignal,
): Promise<ReadKeys> {
  const source =
    keys.kind === 'jwks'
      ? ({ kind: 'found', url: keys.url } as const)
      : await discover('jwks_uri', issuer, keys.url, signal)
  if (source.kind === 'failed') return source
  const document = await fetchDocument(source.url, signal)
  if (document.kind !== 'read') return { kind: 'failed', reason: document.reason }
  return readJwkSet(document.json, algorithms)
}

function onlyKey(
  keys: ReadonlyMap<string, VerificationKey>,
  alg: SigningAlgorithm,
): VerificationKey | undefined {
  const [first, ...more] = [...keys.values()].filter((key) => key.alg === alg)
  return more.length === 0 ? first : undefined
}
