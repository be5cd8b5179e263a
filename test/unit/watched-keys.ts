import { memoryStore } from '@sallyport/core'
import type { KeyStore, RingEntry } from '@sallyport/core/store'
import { storeContext } from '../support/store-context.ts'

/** A store of keys that counts, can be away, can forget and can lose what it announces. */
export interface WatchedKeys extends KeyStore {
  reads: number
  swaps: number
  away: boolean
  /** Whether changes are announced. */
  quiet: boolean
  forget(): Promise<void>
  /** What it holds. */
  held(): Promise<readonly RingEntry[]>
}

export async function watchedKeys(): Promise<WatchedKeys> {
  const open = async (): Promise<KeyStore> => (await memoryStore().open(storeContext)).keys
  const listeners: (() => void)[] = []
  let keys = await open()
  const store: WatchedKeys = {
    reads: 0,
    swaps: 0,
    away: false,
    quiet: false,
    async forget() {
      keys = await open()
    },
    async held() {
      const ring = await keys.read()
      return ring.kind === 'read' ? ring.entries : []
    },
    async read() {
      store.reads++
      return store.away ? { kind: 'unavailable' } : keys.read()
    },
    async swap(entries, ifVersion) {
      if (store.away) return { kind: 'unavailable' }
      const outcome = await keys.swap(entries, ifVersion)
      if (outcome.kind === 'swapped') {
        store.swaps++
        if (!store.quiet) for (const listener of listeners) listener()
      }
      return outcome
    },
    onChange: (listener) => void listeners.push(listener),
  }
  return store
}
