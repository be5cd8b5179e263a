import { hkdfSync } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { decryptCompact, encryptCompact, kidOfCompact } from '../../keys/envelope.ts'
import type { DerivedKeys } from '../../secrets.ts'

/**
 * Encrypts signed access tokens so that only this deployment can read them (RFC 7519, section 11.2: sign first). Each
 * signing key of the ring has its own encryption key, derived from the secret, so that both rotate together.
 */
export interface TokenEncryption {
  /** @param kid the key that signed the token */
  encrypt(token: string, kid: string): Promise<string>
  /**
   * The signed token, and the `kid` that was passed to `encrypt`; `undefined` if this deployment did not encrypt it.
   */
  decrypt(token: string): Promise<{ readonly token: string; readonly kid: string } | undefined>
}

const KEYS_REMEMBERED = 100

/** @param secrets the current one first; it encrypts, and all of them decrypt */
export function createTokenEncryption(secrets: readonly [DerivedKeys, ...DerivedKeys[]]): TokenEncryption {
  const [current] = secrets
  const keys = new LRUCache<string, Uint8Array>({ max: KEYS_REMEMBERED })

  function keyOf({ id, accessEncryption }: DerivedKeys, kid: string): Uint8Array {
    const keyId = `${id}.${kid}`
    const known = keys.get(keyId)
    if (known !== undefined) return known
    const key = new Uint8Array(hkdfSync('sha256', accessEncryption, new Uint8Array(0), kid, 32))
    keys.set(keyId, key)
    return key
  }

  return {
    encrypt: (token, kid) =>
      encryptCompact(new TextEncoder().encode(token), keyOf(current, kid), {
        cty: 'JWT',
        kid: `${current.id}.${kid}`,
      }),
    async decrypt(token) {
      const keyId = kidOfCompact(token)
      const secret = secrets.find(({ id }) => keyId?.startsWith(`${id}.`))
      if (keyId === undefined || secret === undefined) return undefined
      const kid = keyId.slice(secret.id.length + 1)
      const plain = await decryptCompact(token, keyOf(secret, kid))
      return plain && { token: Buffer.from(plain).toString('latin1'), kid }
    },
  }
}
