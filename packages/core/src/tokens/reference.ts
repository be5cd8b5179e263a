import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { SessionId } from '../ports/ids.ts'
import { SESSION_ID_BYTES } from '../ports/ids.ts'

/** What an opaque access token refers to. Instants are seconds since the epoch. */
export interface Reference {
  readonly session: SessionId
  readonly generation: number
  readonly issuedAt: number
  readonly expiresAt: number
}

/**
 * Opaque access tokens: a session, a generation and two instants under a MAC. They tell nothing about the user; the
 * claims are read from the session's record, and die with it. A guess never reaches the store.
 */
export interface References {
  mint(reference: Reference): { readonly token: string; readonly jti: string }
  /** `undefined` for whatever was never issued. `jti` names the token. */
  parse(token: string): (Reference & { readonly jti: string }) | undefined
}

export const REFERENCE_PREFIX = 'spa_'
const MAC_BYTES = 16
const VERSION = 1
const GENERATION_AT = 1 + SESSION_ID_BYTES
const ISSUED_AT = GENERATION_AT + 4
const EXPIRES_AT = ISSUED_AT + 6
const MAC_AT = EXPIRES_AT + 6
const BYTES = MAC_AT + MAC_BYTES
const CHARS = REFERENCE_PREFIX.length + Math.ceil((BYTES * 4) / 3)

/** @param keys MAC keys, the current one first; tokens under the others are still read */
export function createReferences([first, ...others]: readonly [Uint8Array, ...Uint8Array[]]): References {
  const current = createSecretKey(first)
  const keys = [current, ...others.map((key) => createSecretKey(key))]
  const mac = (key: KeyObject, body: Uint8Array): Buffer =>
    createHmac('sha256', key).update(body).digest().subarray(0, MAC_BYTES)

  return {
    mint({ session, generation, issuedAt, expiresAt }) {
      const bytes = Buffer.alloc(BYTES)
      bytes[0] = VERSION
      bytes.write(session, 1, 'base64url')
      bytes.writeUInt32BE(generation, GENERATION_AT)
      bytes.writeUIntBE(issuedAt, ISSUED_AT, 6)
      bytes.writeUIntBE(expiresAt, EXPIRES_AT, 6)
      bytes.set(mac(current, bytes.subarray(0, MAC_AT)), MAC_AT)
      const jti = bytes.toString('base64url', MAC_AT)
      return { token: REFERENCE_PREFIX + bytes.toString('base64url'), jti }
    },
    parse(token) {
      if (token.length !== CHARS || !token.startsWith(REFERENCE_PREFIX)) return undefined
      const encoded = token.slice(REFERENCE_PREFIX.length)
      const bytes = Buffer.from(encoded, 'base64url')
      // One token, one spelling: the decoder forgives padding, spare bits and foreign characters.
      if (bytes.length !== BYTES || bytes.toString('base64url') !== encoded) return undefined
      const sent = bytes.subarray(MAC_AT)
      const isOurs = keys.some((key) => timingSafeEqual(mac(key, bytes.subarray(0, MAC_AT)), sent))
      if (bytes[0] !== VERSION || !isOurs) return undefined
      return {
        session: bytes.subarray(1, GENERATION_AT).toString('base64url') as SessionId,
        generation: bytes.readUInt32BE(GENERATION_AT),
        issuedAt: bytes.readUIntBE(ISSUED_AT, 6),
        expiresAt: bytes.readUIntBE(EXPIRES_AT, 6),
        jti: sent.toString('base64url'),
      }
    },
  }
}
