import type { CompromisedKey, KeyRecord, RingEntry, SealedKey } from '../ports/keys.ts'
import type { KeySeal, ScheduledKey } from './seal.ts'

/** What one node knows of the shared ring: all that it read, and what the store may have lost meanwhile. */
export interface RingState {
  /** Of the ring that was read last. */
  version(): number
  members(): Iterable<ScheduledKey>
  /**
   * Takes over what the store holds. A key that was ever compromised stays so. One that is not there any more verifies
   * here until its time is over, and is put back only into a store that forgot: another process may have had a reason.
   */
  adopt(ring: KeyRecord, forgot?: boolean): Promise<void>
  /** Takes a key out of use; answers whether that was news. */
  distrust(kid: string, at: number): boolean
  /** Forgets a key that nobody needs any more. */
  drop(kid: string): void
  /**
   * The entries of a ring with these keys; nothing when the store holds just those.
   *
   * @param renew whether keys that are sealed under an earlier secret are sealed anew
   */
  draft(keys: readonly ScheduledKey[], renew: boolean): Promise<readonly RingEntry[] | undefined>
}

interface Member {
  readonly key: ScheduledKey
  readonly entry: SealedKey
  /** Whether another process took it out of the store. */
  readonly dropped: boolean
}

export function createRingState(seal: KeySeal, notice: (message: string) => void): RingState {
  const members = new Map<string, Member>()
  const compromised = new Map<string, CompromisedKey>()
  /** Of keys that none of the secrets decrypts: another deployment's, or one whose secret was taken away too early. */
  const told = new Set<string>()
  let record: KeyRecord = { version: 0, entries: [] }

  async function adoptEntry(entry: RingEntry): Promise<void> {
    if ('compromisedAt' in entry) {
      compromised.set(entry.kid, entry)
      members.delete(entry.kid)
      return
    }
    const known = members.get(entry.kid)
    if (compromised.has(entry.kid) || known?.entry.sealed === entry.sealed) return
    // A node with a newer secret may have sealed a key anew that this one holds already.
    const key = (await seal.unseal(entry)) ?? known?.key
    if (key !== undefined) members.set(entry.kid, { key, entry, dropped: false })
    else if (!told.has(entry.kid)) {
      told.add(entry.kid)
      notice(
        `the store holds a signing key (${entry.kid}) that none of the secrets decrypts; it is left alone`,
      )
    }
  }

  async function entryOf(key: ScheduledKey, renew: boolean): Promise<SealedKey> {
    const known = members.get(key.kid)
    const isSame = known !== undefined && known.key.signsFrom === key.signsFrom
    return isSame && (!renew || seal.isCurrent(known.entry)) ? known.entry : seal.seal(key)
  }

  return {
    version: () => record.version,
    members: () => [...members.values()].map(({ key }) => key),
    async adopt(ring, forgot = false) {
      const isOlder = forgot || ring.version < record.version
      for (const entry of ring.entries) await adoptEntry(entry)
      const there = new Set(ring.entries.map(({ kid }) => kid))
      for (const [kid, member] of members)
        members.set(kid, { ...member, dropped: !isOlder && !there.has(kid) })
      record = ring
    },
    distrust(kid, at) {
      if (compromised.has(kid)) return false
      compromised.set(kid, { kid, compromisedAt: at })
      members.delete(kid)
      return true
    },
    drop: (kid) => void members.delete(kid),
    async draft(keys, renew) {
      const kept = keys.filter(({ kid }) => members.get(kid)?.dropped !== true)
      const entries = await Promise.all(kept.map((key) => entryOf(key, renew)))
      // Another process may have reported one of them while they were sealed.
      const sealed = entries.filter(({ kid }) => !compromised.has(kid))
      const unreadable = record.entries.filter(({ kid }) => !members.has(kid) && !compromised.has(kid))
      const draft = [...sealed, ...unreadable, ...compromised.values()]
      return isSame(draft, record.entries) ? undefined : draft
    },
  }
}

function isSame(draft: readonly RingEntry[], entries: readonly RingEntry[]): boolean {
  const known = new Map(entries.map((entry) => [entry.kid, contentOf(entry)]))
  return draft.length === entries.length && draft.every((entry) => known.get(entry.kid) === contentOf(entry))
}

const contentOf = (entry: RingEntry): string | number =>
  'compromisedAt' in entry ? entry.compromisedAt : entry.sealed
