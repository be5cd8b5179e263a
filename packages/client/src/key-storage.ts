import { openDatabase } from './database.ts'

/** A key of WebCrypto, by a name that browsers and Node.js have in common. */
export type WebCryptoKey = Parameters<typeof crypto.subtle.sign>[1]

/** Both halves of a key of WebCrypto. */
export interface WebCryptoKeyPair {
  readonly publicKey: WebCryptoKey
  readonly privateKey: WebCryptoKey
}

/** A place for the keys of `dpopKey`, such as the keychain of the system. */
export interface KeyStorage {
  /** Gives what was saved last; an empty array if nothing is there. */
  load(): Promise<readonly WebCryptoKeyPair[]>
  /** Resolves when it is there to stay. There are two keys only while somebody signs in. */
  save(pairs: readonly WebCryptoKeyPair[]): Promise<void>
}

/** In memory alone: such as outside of browsers. */
export function keysInMemory(): KeyStorage {
  let kept: readonly WebCryptoKeyPair[] = []
  return {
    load: async () => kept,
    async save(pairs) {
      kept = pairs
    },
  }
}

/** In IndexedDB, which keeps keys that no script can read, for all tabs. What can't be kept there is good until the page is left. */
export function keysInDatabase(name: string): KeyStorage {
  const database = openDatabase('sallyport-keys')
  const own = keysInMemory()
  return {
    async load() {
      const held = await own.load()
      if (held.length > 0) return held
      const kept = await database.run<WebCryptoKeyPair[] | undefined>('readonly', (store) => store.get(name))
      return kept ?? []
    },
    async save(pairs) {
      try {
        await database.run('readwrite', (store) => store.put(pairs, name))
        await own.save([])
      } catch {
        await own.save(pairs)
      }
    },
  }
}
