import { hkdfSync } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { decryptCompact, encryptCompact, kidOfCompact } from '../../keys/envelope.ts'
import type { DerivedKeys } from '../../secrets.ts'

/**
 * Encrypts access tokens as a whole, for this deployment alone (RFC 7519, section 11.2: signed first). Each key of
 * the ring has a content encryption key of its own, derived from the secret, so that one rotates with the other.
 */
export interface TokenEncryption {
  /** @param kid the key that signed the token */
  encrypt(token: string, kid: string): Promise<string>
  /** The signed token, and the key that it was encrypted beside; `undefined` for what was not encrypted here. */
  decrypt(token: string): Promise<{ readonly token: string; readonly kid: string } | undefined>
}

const KEYS_REMEMBERED = 100

/** @param secrets the current one first; it encrypts, all of them decrypt */
export function createTokenEncryption(secrets: readonly [DerivedKeys, ...DerivedKeys[]]): TokenEncryption {
  const [current] = secrets
  const keys = new LRUCache<string, Uint8Array>({ max: KEYS_REMEMBERED })

  function keyOf({ id, accessEncryption }: DerivedKeys, kid: string): Uint8Array {
    const name = `${id}.${kid}`
    const known = keys.get(name)
    if (known !== undefined) return known
    const key = new Uint8Array(hkdfSync('sha256', accessEncryption, new Uint8Array(0), kid, 32))
    keys.set(name, key)
    return key
  }

  return {
    encrypt: (token, kid) =>
      encryptCompact(new TextEncoder().encode(token), keyOf(current, kid), {
        cty: 'JWT',
        kid: `${current.id}.${kid}`,
      }),
    async decrypt(token) {
      const name = kidOfCompact(token)
      const secret = secrets.find(({ id }) => name?.startsWith(`${id}.`))
      if (name === undefined || secret === undefined) return undefined
      const kid = name.slice(secret.id.length + 1)
      const plain = await decryptCompact(token, keyOf(secret, kid))
      return plain && { token: Buffer.from(plain).toString('latin1'), kid }
    },
  }
}
