import { SESSION_ID_BYTES, type SessionId } from '../../ports/ids.ts'
import { createOpaqueTokens, MAC_BYTES, type OpaqueKeys } from '../opaque.ts'

/** The content of an opaque access token. Instants are seconds since the epoch. */
export interface Reference {
  readonly session: SessionId
  readonly generation: number
  readonly issuedAt: number
  readonly expiresAt: number
  /** It was issued with the session's elevation. By its second alone, one from just before could not be told from it. */
  readonly raised?: true
}

/**
 * Opaque access tokens: a session, a generation and two instants, encrypted under a MAC. Without the `secret` they reveal
 * nothing about the user. The claims come from the session's record, so they end with it.
 */
export interface References {
  /** Makes a token. Its `jti` is its MAC. */
  mint(reference: Reference): { readonly token: string; readonly jti: string }
  /** Reads a token; `undefined` if it was never issued. */
  parse(token: string): (Reference & { readonly jti: string }) | undefined
}

export const REFERENCE_PREFIX = 'spa_'
/** The first byte is the version, and also whether the token is a raised one. */
const VERSION = 2
const RAISED_VERSION = 3
const GENERATION_AT = 1 + SESSION_ID_BYTES
const ISSUED_AT = GENERATION_AT + 4
const EXPIRES_AT = ISSUED_AT + 6
const MAC_AT = EXPIRES_AT + 6
const BYTES = MAC_AT + MAC_BYTES

/** @param keys the current ones first; tokens under the others are still accepted */
export function createReferences(keys: readonly [OpaqueKeys, ...OpaqueKeys[]]): References {
  const format = { prefix: REFERENCE_PREFIX, size: BYTES }
  const tokens = createOpaqueTokens(format, keys)
  const jtiOf = (bytes: Buffer): string => bytes.toString('base64url', MAC_AT)
  return {
    mint({ session, generation, issuedAt, expiresAt, raised }) {
      const bytes = Buffer.alloc(BYTES)
      bytes[0] = raised ? RAISED_VERSION : VERSION
      bytes.write(session, 1, 'base64url')
      bytes.writeUInt32BE(generation, GENERATION_AT)
      bytes.writeUIntBE(issuedAt, ISSUED_AT, 6)
      bytes.writeUIntBE(expiresAt, EXPIRES_AT, 6)
      const token = tokens.seal(bytes)
      return { token, jti: jtiOf(bytes) }
    },
    parse(token) {
      const bytes = tokens.unseal(token)
      const version = bytes?.readUInt8(0)
      if (bytes === undefined || (version !== VERSION && version !== RAISED_VERSION)) return undefined
      return {
        session: bytes.toString('base64url', 1, GENERATION_AT) as SessionId,
        generation: bytes.readUInt32BE(GENERATION_AT),
        issuedAt: bytes.readUIntBE(ISSUED_AT, 6),
        expiresAt: bytes.readUIntBE(EXPIRES_AT, 6),
        jti: jtiOf(bytes),
        ...(version === RAISED_VERSION ? { raised: true } : {}),
      }
    },
  }
}
