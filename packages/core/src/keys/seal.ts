import type { JWK } from 'jose'
import type { SealedKey } from '../ports/keys.ts'
import type { SigningKey } from '../ports/signer.ts'
import type { DerivedKeys } from '../secrets.ts'
import { decryptCompact, encryptCompact, kidOfCompact } from './envelope.ts'
import { privateJwk, readJwk } from './jwk.ts'
import type { Scheduled } from './schedule.ts'

/** A key of the ring, and from when on it signs: both are sealed, so that whoever can write to the store can't choose either. */
export interface ScheduledKey extends SigningKey, Scheduled {}

/** Encrypts private keys for the store, and decrypts what was encrypted under any secret in force. */
export interface KeySeal {
  seal(key: ScheduledKey): Promise<SealedKey>
  /** `undefined` for a key that none of the secrets unseals. */
  unseal(sealed: SealedKey): Promise<ScheduledKey | undefined>
  /** Whether it is sealed under the current secret. */
  isCurrent(sealed: SealedKey): boolean
}

interface SealedContent {
  readonly jwk: JWK
  readonly signsFrom: number
}

/** @param secrets the current one first: it seals, all of them unseal */
export function createKeySeal(secrets: readonly [DerivedKeys, ...DerivedKeys[]]): KeySeal {
  const [current] = secrets
  return {
    async seal(key) {
      const content: SealedContent = { jwk: privateJwk(key), signsFrom: key.signsFrom }
      const plain = new TextEncoder().encode(JSON.stringify(content))
      return { kid: key.kid, sealed: await encryptCompact(plain, current.keyEncryption, { kid: current.id }) }
    },
    async unseal({ kid, sealed }) {
      const secret = secrets.find((one) => one.id === kidOfCompact(sealed))
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
  try {
    return JSON.parse(new TextDecoder().decode(plain)) as Partial<SealedContent>
  } catch {
    return undefined
  }
}
