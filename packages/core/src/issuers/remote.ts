import type { FoundKey } from '../keys/ring.ts'
import type { Clock } from '../ports/clock.ts'
import type { SigningAlgorithm, VerificationKey } from '../ports/signer.ts'
import { discoverKeys } from './discovery.ts'
import { fetchDocument } from './document.ts'
import { type ReadKeys, readJwkSet } from './jwk-set.ts'

/** Whose keys are fetched, from where and how often. */
export interface IssuerSettings {
  /** `iss` of its tokens; its metadata must name exactly this. */
  readonly issuer: string
  /** The URL of its JWK Set, or its own, under which its metadata is looked for. */
  readonly keys:
    | { readonly kind: 'jwks'; readonly url: URL }
    | { readonly kind: 'discovery'; readonly url: URL }
  /** What its tokens may be signed with. A key that names no algorithm is for the first that fits it. */
  readonly algorithms: readonly SigningAlgorithm[]
  /** For one fetch as a whole: metadata and JWK Set, headers and bodies. */
  readonly timeoutMs: number
  /** Between the end of a fetch, good or failed, and the begin of the next. */
  readonly cooldownSeconds: number
  /** A set older than this is fetched anew, and meanwhile still answers. */
  readonly maxAgeSeconds: number
  /** A set older than this answers no more. */
  readonly maxStaleSeconds: number
}

/** The public keys of somebody else's issuer. */
export interface RemoteKeys {
  /** Fetches the keys once; resolves also when the issuer can't be reached. */
  start(): Promise<void>
  /**
   * The key of that name if it is for this algorithm; without a name, the only one for it. `EdDSA` and
   * `Ed25519` are the same (RFC 9864). Never rejects.
   *
   * Asks the issuer about a key not known here, all callers together at most once in `cooldownSeconds`.
   * It is `unavailable` while the issuer might know it and fails.
   */
  find(kid: string | undefined, alg: string): FoundKey | Promise<FoundKey>
  /** Ends a fetch under way. */
  close(): void
}

/**
 * When nobody asked for so many times the age at which a set is fetched anew, the next one waits for that:
 * what was withdrawn meanwhile must not answer once more.
 */
const AGES_UNASKED = 2

/**
 * Keeps the keys of one issuer: what it published last, for as long as the issuer fails, but no longer
 * than `maxStaleSeconds`.
 *
 * @param notice told, once each, of the keys that are left out, and of the reason why fetching fails
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
  let failure: string | undefined
  let told: ReadonlySet<string> = new Set()
  let fetching: Promise<void> | undefined
  let abort = new AbortController()
  let closed = false

  async function fetchKeys(): Promise<void> {
    const asked = clock.monotonic()
    abort = new AbortController()
    const timer = setTimeout(() => abort.abort(), settings.timeoutMs)
    timer.unref()
    const read = await readKeys(settings, abort.signal)
    clearTimeout(timer)
    triedAt = clock.monotonic()
    if (read.kind === 'read') tellLeftOut(read.leftOut)
    if (read.kind === 'failed') return fail(read.reason)
    if (read.keys.size === 0) return fail('its JWK Set has no key that can be used')
    keys = read.keys
    fetchedAt = asked
    failure = undefined
  }

  function fail(reason: string): void {
    if (!closed && failure !== reason)
      notice(`the keys of the issuer "${settings.issuer}" can't be fetched: ${reason}`)
    failure = reason
  }

  function tellLeftOut(leftOut: ReadonlySet<string>): void {
    for (const sentence of leftOut)
      if (!told.has(sentence)) notice(`of the issuer "${settings.issuer}", ${sentence}`)
    told = leftOut
  }

  /** Joins a fetch under way, or begins one unless the last is too short ago. */
  function refresh(): Promise<void> | undefined {
    if (fetching === undefined && !closed && clock.monotonic() - triedAt >= cooldownMs)
      fetching = fetchKeys().finally(() => {
        fetching = undefined
      })
    return fetching
  }

  function look(kid: string | undefined, alg: SigningAlgorithm): FoundKey {
    const age = clock.monotonic() - fetchedAt
    if (age > maxStaleMs) return { kind: 'unavailable' }
    const key = kid === undefined ? onlyKey(keys, alg) : keys.get(kid)
    if (key?.alg === alg) return { kind: 'found', key }
    return { kind: failure === undefined && age <= maxAgeMs ? 'unknown' : 'unavailable' }
  }

  return {
    async start() {
      await refresh()
    },
    find(kid, alg) {
      const name = alg === 'Ed25519' ? 'EdDSA' : alg
      const allowed = settings.algorithms.find((one) => one === name)
      if (allowed === undefined) return { kind: 'unknown' }
      const found = look(kid, allowed)
      const now = clock.monotonic()
      if (found.kind === 'found' && now - fetchedAt <= maxAgeMs) return found
      const wasAsked = now - triedAt <= maxAgeMs * AGES_UNASKED
      const refreshed = refresh()
      if (refreshed === undefined || (found.kind === 'found' && wasAsked)) return found
      return refreshed.then(() => look(kid, allowed))
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
      ? ({ kind: 'found', jwks: keys.url } as const)
      : await discoverKeys(issuer, keys.url, signal)
  if (source.kind === 'failed') return source
  const document = await fetchDocument(source.jwks, signal)
  if (document.kind !== 'read') return { kind: 'failed', reason: document.reason }
  return readJwkSet(document.json, algorithms)
}

function onlyKey(
  keys: ReadonlyMap<string, VerificationKey>,
  alg: SigningAlgorithm,
): VerificationKey | undefined {
  const [key, ...more] = [...keys.values()].filter((one) => one.alg === alg)
  return more.length === 0 ? key : undefined
}
