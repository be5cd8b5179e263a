import type { JWK } from 'jose'
import type { Clock } from '../ports/clock.ts'
import type { Signer, SigningAlgorithm, SigningKey, VerificationKey } from '../ports/signer.ts'
import type { KeyRecord, KeyStore } from '../ports/store.ts'
import { generateSigningKey, publicJwk } from './jwk.ts'
import { localSigner } from './local-signer.ts'
import type { KeySeal } from './seal.ts'

/** The keys that sign and verify access tokens. */
export interface KeyRing {
  /** Loads the shared keys, or makes the first one; resolves also when the store can't be reached. */
  start(): Promise<void>
  /** What signs now; `undefined` while no key could be loaded. */
  signer(): Signer | undefined
  /** The key of that name. Asks the store, at most once a second, about a name not known here. */
  find(kid: string): FoundKey | Promise<FoundKey>
  /** Public keys, for the JWK Set. */
  published(): readonly JWK[]
  /** Puts the keys known here back into a store that forgot them; answers whether the store took them. */
  putBack(): Promise<boolean>
}

export type FoundKey =
  | { readonly kind: 'found'; readonly key: VerificationKey }
  | { readonly kind: 'unknown' }
  /** Not known here, and the store that might know it does not answer. */
  | { readonly kind: 'unavailable' }

const RELOAD_EVERY_MS = 1000

/** A ring of given keys: the first signs, all of them verify. */
export function createFixedRing(keys: readonly [SigningKey, ...VerificationKey[]]): KeyRing {
  const byKid = new Map<string, VerificationKey>(keys.map((key) => [key.kid, key]))
  const jwks = keys.map(publicJwk)
  const signer = localSigner(keys[0])
  return {
    start: () => Promise.resolve(),
    signer: () => signer,
    find: (kid) => foundIn(byKid, kid),
    published: () => jwks,
    putBack: () => Promise.resolve(true),
  }
}

/** A ring in the store: made by the first node that starts, shared by all. */
export function createSharedRing(
  store: KeyStore,
  seal: KeySeal,
  alg: SigningAlgorithm,
  clock: Clock,
  notice: (message: string) => void,
): KeyRing {
  const byKid = new Map<string, SigningKey>()
  const unreadable = new Set<string>()
  let jwks: readonly JWK[] = []
  let active: Signer | undefined
  let loading: Promise<boolean> | undefined
  let puttingBack: Promise<boolean> | undefined
  let loadedAt = Number.NEGATIVE_INFINITY

  async function take(record: KeyRecord): Promise<void> {
    for (const sealed of record.keys) {
      if (byKid.has(sealed.kid) || unreadable.has(sealed.kid)) continue
      const key = await seal.open(sealed)
      if (key !== undefined) byKid.set(key.kid, key)
      else {
        unreadable.add(sealed.kid)
        notice(
          `the store holds a signing key (${sealed.kid}) that none of the secrets opens; it is left alone`,
        )
      }
    }
    jwks = [...byKid.values()].map(publicJwk)
    // All nodes that see the same keys must sign with the same one, whatever the order they saw them in.
    const [first] = [...byKid.values()]
      .filter((key) => key.alg === alg)
      .sort((a, b) => (a.kid < b.kid ? -1 : 1))
    if (first !== undefined && first.kid !== active?.kid) active = localSigner(first)
  }

  /** Reads the ring; makes the first key when there is none, unless another node is faster. */
  async function load(): Promise<boolean> {
    const read = await store.read()
    if (read.kind === 'unavailable') return false
    await take(read)
    let version = read.version
    while (active === undefined) {
      const fresh = await generateSigningKey(alg)
      const added = await store.add([await seal.seal(fresh)], version)
      if (added.kind === 'unavailable') return false
      await take(added.ring)
      version = added.ring.version
    }
    loadedAt = clock.monotonic()
    return true
  }

  function loadOnce(): Promise<boolean> {
    loading ??= load().finally(() => {
      loading = undefined
    })
    return loading
  }

  async function putBack(): Promise<boolean> {
    const added = await store.add(await Promise.all([...byKid.values()].map((key) => seal.seal(key))))
    return added.kind !== 'unavailable' && loadOnce()
  }

  async function look(kid: string): Promise<FoundKey> {
    const loaded = await loadOnce()
    const found = foundIn(byKid, kid)
    return found.kind === 'unknown' && !loaded ? { kind: 'unavailable' } : found
  }

  return {
    async start() {
      await loadOnce()
    },
    signer() {
      if (active === undefined) void loadOnce()
      return active
    },
    find(kid) {
      const found = foundIn(byKid, kid)
      if (found.kind === 'found' || clock.monotonic() - loadedAt < RELOAD_EVERY_MS) return found
      return look(kid)
    },
    published: () => jwks,
    putBack() {
      puttingBack ??= putBack().finally(() => {
        puttingBack = undefined
      })
      return puttingBack
    },
  }
}

function foundIn(keys: ReadonlyMap<string, VerificationKey>, kid: string): FoundKey {
  const key = keys.get(kid)
  return key === undefined ? { kind: 'unknown' } : { kind: 'found', key }
}
