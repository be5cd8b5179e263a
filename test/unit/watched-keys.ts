import { type KeyStore, memoryStore } from '@sallyport/core'

/** A store of keys that counts, can be away and can forget. */
export interface WatchedKeys extends KeyStore {
  reads: number
  away: boolean
  forget(): Promise<void>
}

export async function watchedKeys(): Promise<WatchedKeys> {
  const open = async (): Promise<KeyStore> => (await memoryStore().open({ notice: () => {} })).keys
  let keys = await open()
  const store: WatchedKeys = {
    reads: 0,
    away: false,
    async forget() {
      keys = await open()
    },
    async read() {
      store.reads++
      return store.away ? { kind: 'unavailable' } : keys.read()
    },
    async add(some, ifVersion) {
      return store.away ? { kind: 'unavailable' } : keys.add(some, ifVersion)
    },
  }
  return store
}
