import type { JWK } from 'jose'
import type { Clock } from '../../ports/clock.ts'
import type { KeyStore, RingEntry } from '../../ports/keys.ts'
import type { Signer, VerificationKey } from '../../ports/signer.ts'
import { publicJwk } from '../jwk/jwk.ts'
import { foundIn, type KeyInfo, type KeyRing, type RingWatch } from '../ring.ts'

/** A key of the options. It signs, in this process or elsewhere, or it only verifies. */
export interface GivenKey extends VerificationKey {
  readonly signer?: Signer
}

/**
 * A ring of given keys. The first one that can sign does; all of them verify. Keys are added and removed in the options
 * alone, but the store records which of them are compromised.
 */
export function createGivenRing(
  keys: readonly GivenKey[],
  store: KeyStore,
  clock: Clock,
  watch: Pick<RingWatch, 'compromised'>,
): KeyRing {
  const compromised = new Set<string>()
  let byKid = new Map<string, GivenKey>()
  let jwks: readonly JWK[] = []
  let signer: Signer | undefined
  settle()

  function settle(): void {
    const good = keys.filter(({ kid }) => !compromised.has(kid))
    byKid = new Map(good.map((key) => [key.kid, key]))
    jwks = good.map(publicJwk)
    signer = good.find((key) => key.signer !== undefined)?.signer
  }

  function take(entries: readonly RingEntry[]): void {
    for (const entry of entries) if ('compromisedAt' in entry) compromised.add(entry.kid)
    settle()
  }

  async function read(): Promise<void> {
    const ring = await store.read()
    if (ring.kind === 'read') take(ring.entries)
  }

  /** Records in the store that a key is compromised. Gives whether that worked. */
  async function remember(kid: string): Promise<boolean> {
    const ring = await store.read()
    if (ring.kind === 'unavailable') return false
    let { version, entries } = ring
    while (!entries.some((entry) => entry.kid === kid && 'compromisedAt' in entry)) {
      const others = entries.filter((entry) => entry.kid !== kid)
      const outcome = await store.swap([...others, { kid, compromisedAt: clock.now() }], version)
      if (outcome.kind === 'unavailable') return false
      ;({ version, entries } = outcome.ring)
    }
    take(entries)
    return true
  }

  return {
    async start() {
      await read()
      store.onChange(() => void read())
    },
    signer: () => signer,
    find: (kid) => foundIn(byKid, kid),
    published: () => jwks,
    list: () => [...byKid.values()].map((key) => infoOf(key, key.signer === signer)),
    rotate: () => Promise.resolve({ kind: 'given' }),
    async compromise(kid) {
      const isRemembered = await remember(kid)
      if (!isRemembered) return { kind: 'unavailable' }
      watch.compromised(kid)
      return { kind: 'compromised' }
    },
    distrust(kid) {
      compromised.add(kid)
      settle()
    },
    putBack: async () => {
      const all = await Promise.all([...compromised].map(remember))
      return all.every(Boolean)
    },
    ready: () => Promise.resolve(signer !== undefined),
    close: () => {},
  }
}

function infoOf({ kid, alg }: GivenKey, signs: boolean): KeyInfo {
  return { kid, alg, state: signs ? 'active' : 'retiring', signsFrom: undefined }
}
