import type { JWK } from 'jose'
import { decodeProtectedHeader } from 'jose/decode/protected_header'
import { compactDecrypt } from 'jose/jwe/compact/decrypt'
import { CompactEncrypt } from 'jose/jwe/compact/encrypt'
import type { SealedKey } from '../ports/keys.ts'
import type { SigningKey } from '../ports/signer.ts'
import type { DerivedKeys } from '../secrets.ts'
import { privateJwk, readJwk } from './jwk.ts'
import type { Scheduled } from './schedule.ts'

/** A key of the ring, and from when on it signs: both are sealed, so that whoever can write to the store can't choose either. */
export interface ScheduledKey extends SigningKey, Scheduled {}

/** Encrypts private keys for the store, and opens what was encrypted under any secret in force. */
export interface KeySeal {
  seal(key: ScheduledKey): Promise<SealedKey>
  /** `undefined` for a key that none of the secrets opens. */
  open(sealed: SealedKey): Promise<ScheduledKey | undefined>
  /** Whether it is sealed under the current secret. */
  isCurrent(sealed: SealedKey): boolean
}

interface SealedContent {
  readonly jwk: JWK
  readonly signsFrom: number
}

/** @param secrets the current one first; it seals, all of them open */
export function createKeySeal(secrets: readonly [DerivedKeys, ...DerivedKeys[]]): KeySeal {
  const [current] = secrets
  return {
    async seal(key) {
      const content: SealedContent = { jwk: privateJwk(key), signsFrom: key.signsFrom }
      const plain = new TextEncoder().encode(JSON.stringify(content))
      const sealed = await new CompactEncrypt(plain)
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: current.id })
        .encrypt(current.keyEncryption)
      return { kid: key.kid, sealed }
    },
    async open({ kid, sealed }) {
      const secret = secrets.find((one) => one.id === sealerOf(sealed))
      if (secret === undefined) return undefined
      const content = await decrypt(sealed, secret.keyEncryption)
      if (content?.jwk?.kid !== kid || content.signsFrom === undefined) return undefined
      const { privateKey, ...key } = await readJwk(content.jwk, 'keys')
      return privateKey === undefined ? undefined : { ...key, privateKey, signsFrom: content.signsFrom }
    },
    isCurrent: ({ sealed }) => sealerOf(sealed) === current.id,
  }
}

function sealerOf(sealed: string): string | undefined {
  try {
    return decodeProtectedHeader(sealed).kid
  } catch {
    return undefined
  }
}

async function decrypt(sealed: string, key: Uint8Array): Promise<Partial<SealedContent> | undefined> {
  try {
    const { plaintext } = await compactDecrypt(sealed, key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
      maxDecompressedLength: 0,
    })
    return JSON.parse(new TextDecoder().decode(plaintext)) as Partial<SealedContent>
  } catch {
    return undefined
  }
}
