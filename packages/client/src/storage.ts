import { openDatabase } from './database.ts'
import type { TokenStorage } from './options.ts'

/** Options of `encryptedStorage`. */
export interface EncryptedStorageOptions {
  /** Tells the storages of one origin apart. Default `session`. */
  readonly name?: string | undefined
}

const NONCE_BYTES = 12

interface Sealed {
  readonly nonce: Uint8Array<ArrayBuffer>
  readonly bytes: ArrayBuffer
}

/**
 * Keeps the refresh token in IndexedDB, encrypted under a key that no script can read (AES-256-GCM, not extractable), for
 * pages that can't have cookies, such as in the shell of a native app. A script on the page can still use the token there,
 * but not carry it away; so prefer cookies, and the keychain of the system.
 *
 * Throws a `TypeError` outside of secure contexts, which have no such keys.
 */
export function encryptedStorage({ name = 'session' }: EncryptedStorageOptions = {}): TokenStorage {
  if (globalThis.isSecureContext !== true)
    throw new TypeError('encryptedStorage needs a secure context: https or localhost')
  const { run } = openDatabase('sallyport-storage')

  async function keyOf(): Promise<CryptoKey> {
    const known = await run<CryptoKey | undefined>('readonly', (store) => store.get(`${name} key`))
    if (known !== undefined) return known
    const made = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, [
      'encrypt',
      'decrypt',
    ])
    // Another tab may have made one meanwhile, which counts then.
    await run('readwrite', (store) => store.add(made, `${name} key`)).catch(() => {})
    return (await run<CryptoKey | undefined>('readonly', (store) => store.get(`${name} key`))) ?? made
  }

  return {
    async load() {
      const sealed = await run<Sealed | undefined>('readonly', (store) => store.get(name))
      if (sealed === undefined) return undefined
      try {
        const opened = await crypto.subtle.decrypt(
          { name: 'AES-GCM', iv: sealed.nonce },
          await keyOf(),
          sealed.bytes,
        )
        return new TextDecoder().decode(opened)
      } catch {
        return undefined // of a key that is gone
      }
    },
    async save(text) {
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES))
      const given = new TextEncoder().encode(text)
      const bytes = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, await keyOf(), given)
      const sealed: Sealed = { nonce, bytes }
      await run('readwrite', (store) => store.put(sealed, name))
    },
  }
}
