import type { CompromisedKey, KeyRecord, RingEntry, SealedKey } from '../ports/keys.ts'
import { printable } from '../printable.ts'
import type { KeySeal, ScheduledKey } from './seal.ts'

/**
 * What one node knows of the shared ring: everything that it has read, including what the store may have lost since.
 */
export interface RingState {
  /** The version of the ring that was read last. */
  version(): number
  members(): Iterable<ScheduledKey>
  /**
   * Takes over a ring from the store. A key that was ever compromised stays compromised.
   *
   * A key that is missing in the ring still verifies on this node until its time is over. It is put back only if
   * `storeForgot`, because another process may have had a reason to remove it.
   */
  adopt(ring: KeyRecord, options?: { readonly storeForgot?: boolean | undefined }): Promise<void>
  /** Takes a compromised key out of use. Returns whether the compromise is news. */
  distrust(kid: string, at: number): boolean
  /** Forgets a key that nobody needs any more. */
  drop(kid: string): void
  /**
   * The entries of a ring with these keys; `undefined` if the store already holds exactly them. With `reseal`, keys
   * that are sealed under an earlier secret are sealed under the current one.
   */
  draft(
    keys: readonly ScheduledKey[],
    options: { readonly reseal: boolean },
  ): Promise<readonly RingEntry[] | undefined>
}

interface Member {
  readonly key: ScheduledKey
  readonly entry: SealedKey
  /** Whether another process removed it from the store. */
  readonly dropped: boolean
}

const MAX_KID_CHARS = 128

/** @param known keys that are known to be compromised before the store is read, and since when */
export function createRingState(
  seal: KeySeal,
  notice: (message: string) => void,
  known: { readonly compromised: readonly string[]; readonly at: number },
): RingState {
  const members = new Map<string, Member>()
  const compromised = new Map<string, CompromisedKey>(
    known.compromised.map((kid) => [kid, { kid, compromisedAt: known.at }]),
  )
  /** Keys that none of the secrets decrypts: of another deployment, or under a secret that was removed too early. */
  const unreadable = new Set<string>()
  let record: KeyRecord = { version: 0, entries: [] }

  async function adoptEntry(entry: RingEntry): Promise<void> {
    if ('compromisedAt' in entry) {
      compromised.set(entry.kid, entry)
      members.delete(entry.kid)
      return
    }
    const known = members.get(entry.kid)
    if (compromised.has(entry.kid) || known?.entry.sealed === entry.sealed) return
    // If the key cannot be unsealed, a node with a newer secret may have resealed a key that this node already has.
    const key = (await seal.unseal(entry)) ?? known?.key
    if (key !== undefined) members.set(entry.kid, { key, entry, dropped: false })
    else unreadable.add(entry.kid)
  }

  /** Tells of new keys that cannot be unsealed in one notice, however many there are. */
  function reportUnreadable(told: number): void {
    const [first, ...more] = [...unreadable].slice(told)
    if (first === undefined) return
    const name = printable(first, MAX_KID_CHARS)
    const them = more.length === 0 ? ` ${name}` : `s ${name} and ${more.length} more`
    notice(
      `no "secret" decrypts the signing key${them} in the store: give every process the same secrets, and earlier ones until their tokens have expired`,
    )
  }

  async function entryOf(key: ScheduledKey, reseal: boolean): Promise<SealedKey> {
    const known = members.get(key.kid)
    const isUnchanged = known !== undefined && known.key.signsFrom === key.signsFrom
    return isUnchanged && (!reseal || seal.isCurrent(known.entry)) ? known.entry : seal.seal(key)
  }

  return {
    version: () => record.version,
    members: () => [...members.values()].map(({ key }) => key),
    async adopt(ring, { storeForgot = false } = {}) {
      const isOlder = storeForgot || ring.version < record.version
      const told = unreadable.size
      for (const entry of ring.entries) await adoptEntry(entry)
      reportUnreadable(told)
      const stored = new Set(ring.entries.map(({ kid }) => kid))
      for (const [kid, member] of members)
        members.set(kid, { ...member, dropped: !isOlder && !stored.has(kid) })
      record = ring
    },
    distrust(kid, at) {
      if (compromised.has(kid)) return false
      compromised.set(kid, { kid, compromisedAt: at })
      members.delete(kid)
      return true
    },
    drop: (kid) => void members.delete(kid),
    async draft(keys, { reseal }) {
      const kept = keys.filter(({ kid }) => members.get(kid)?.dropped !== true)
      const entries = await Promise.all(kept.map((key) => entryOf(key, reseal)))
      // Another process may have reported one of the keys as compromised while they were being sealed.
      const sealed = entries.filter(({ kid }) => !compromised.has(kid))
      const others = record.entries.filter(({ kid }) => !members.has(kid) && !compromised.has(kid))
      const draft = [...sealed, ...others, ...compromised.values()]
      return isSame(draft, record.entries) ? undefined : draft
    },
  }
}

function isSame(draft: readonly RingEntry[], entries: readonly RingEntry[]): boolean {
  const contents = new Map(entries.map((entry) => [entry.kid, contentOf(entry)]))
  return (
    draft.length === entries.length && draft.every((entry) => contents.get(entry.kid) === contentOf(entry))
  )
}

const contentOf = (entry: RingEntry): string | number =>
  'compromisedAt' in entry ? entry.compromisedAt : entry.sealed
