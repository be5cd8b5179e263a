import type { JWK } from 'jose'
import type { SealedKey } from '../ports/keys.ts'
import type { SigningKey } from '../ports/signer.ts'
import type { DerivedKeys } from '../secrets.ts'
import { decryptCompact, encryptCompact, kidOfCompact } from './envelope.ts'
import { privateJwk, readJwk } from './jwk/jwk.ts'
import type { Scheduled } from './schedule.ts'

/**
 * A key of the ring, and when it starts to sign. Both are sealed, so that write access to the store cannot forge
 * either.
 */
export interface ScheduledKey extends SigningKey, Scheduled {}

/** Encrypts private keys for the store, and decrypts them under every accepted secret. */
export interface KeySeal {
  seal(key: ScheduledKey): Promise<SealedKey>
  /** Decrypts a key; `undefined` if none of the secrets does. */
  unseal(sealed: SealedKey): Promise<ScheduledKey | undefined>
  /** Whether the key is sealed under the current secret. */
  isCurrent(sealed: SealedKey): boolean
}

interface SealedContent {
  readonly jwk: JWK
  readonly signsFrom: number
}

/** @param secrets the current one first; it seals, and all of them unseal */
export function createKeySeal(secrets: readonly [DerivedKeys, ...DerivedKeys[]]): KeySeal {
  const [current] = secrets
  return {
    async seal(key) {
      const content: SealedContent = { jwk: privateJwk(key), signsFrom: key.signsFrom }
      const plain = new TextEncoder().encode(JSON.stringify(content))
      return { kid: key.kid, sealed: await encryptCompact(plain, current.keyEncryption, { kid: current.id }) }
    },
    async unseal({ kid, sealed }) {
      const secret = secrets.find(({ id }) => id === kidOfCompact(sealed))
      const plain = secret && (await decryptCompact(sealed, secret.keyEncryption))
      const content = plain && contentOf(plain)
      if (content?.jwk?.kid !== kid || content.signsFrom === undefined) return undefined
      const { privateKey, ...key } = await readJwk(content.jwk, 'keys')
      return privateKey === undefined ? undefined : { ...key, privateKey, signsFrom: content.signsFrom }
    },
    isCurrent: ({ sealed }) => kidOfCompact(sealed) === current.id,
  }
}

function contentOf(plain: Uint8Array): Partial<SealedContent> | undefined {
  const json = new TextDecoder().decode(plain)
  try {
    return JSON.parse(json) as Partial<SealedContent>
  } catch {
    return undefined
  }
}
