import type { JWK } from 'jose'
import { decodeProtectedHeader } from 'jose/decode/protected_header'
import { compactDecrypt } from 'jose/jwe/compact/decrypt'
import { CompactEncrypt } from 'jose/jwe/compact/encrypt'
import type { SealedKey } from '../ports/model.ts'
import type { SigningKey } from '../ports/signer.ts'
import type { DerivedKeys } from '../secrets.ts'
import { privateJwk, readJwk } from './jwk.ts'

/** Encrypts private keys for the store, and opens what was encrypted under any secret in force. */
export interface KeySeal {
  seal(key: SigningKey): Promise<SealedKey>
  /** `undefined` for a key that none of the secrets opens. */
  open(sealed: SealedKey): Promise<SigningKey | undefined>
}

/** @param secrets the current one first; it seals, all of them open */
export function createKeySeal(secrets: readonly [DerivedKeys, ...DerivedKeys[]]): KeySeal {
  return {
    async seal(key) {
      const [current] = secrets
      const plain = new TextEncoder().encode(JSON.stringify(privateJwk(key)))
      const sealed = await new CompactEncrypt(plain)
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: current.id })
        .encrypt(current.keyEncryption)
      return { kid: key.kid, sealed }
    },
    async open({ kid, sealed }) {
      const secret = secrets.find((one) => one.id === sealerOf(sealed))
      if (secret === undefined) return undefined
      const jwk = await decrypt(sealed, secret.keyEncryption)
      if (jwk?.kid !== kid) return undefined
      const key = await readJwk(jwk, 'keys')
      return key.privateKey === undefined ? undefined : { ...key, privateKey: key.privateKey }
    },
  }
}

function sealerOf(sealed: string): string | undefined {
  try {
    return decodeProtectedHeader(sealed).kid
  } catch {
    return undefined
  }
}

async function decrypt(sealed: string, key: Uint8Array): Promise<JWK | undefined> {
  try {
    const { plaintext } = await compactDecrypt(sealed, key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
      maxDecompressedLength: 0,
    })
    return JSON.parse(new TextDecoder().decode(plaintext)) as JWK
  } catch {
    return undefined
  }
}
