import { SESSION_ID_BYTES, type SessionId } from '../ports/ids.ts'
import type { Transport } from '../ports/sessions.ts'
import { createOpaqueTokens, MAC_BYTES } from '../tokens/opaque.ts'

const GENERATION_AT = 1 + SESSION_ID_BYTES
const TOKEN_BYTES = GENERATION_AT + 4 + MAC_BYTES
/** The first byte is both the version and the transport, so that neither kind passes for the other. */
const VERSIONS: Readonly<Record<Transport, number>> = { cookie: 1, body: 2 }

/** What a refresh token contains. */
export interface RefreshTicket {
  readonly session: SessionId
  readonly generation: number
  readonly transport: Transport
}

/**
 * Refresh tokens: a session's id and generation under a MAC. A genuine token of an earlier generation proves that it
 * was once issued. The same generation is always the same string, on which racing holders converge.
 */
export interface RefreshTokens {
  mint(ticket: RefreshTicket): string
  /** `undefined` for whatever was never issued. */
  parse(token: string): RefreshTicket | undefined
}

/** @param keys MAC keys, the current one first; tokens under the others are still read */
export function createRefreshTokens(keys: readonly [Uint8Array, ...Uint8Array[]]): RefreshTokens {
  const tokens = createOpaqueTokens('spr_', TOKEN_BYTES, keys)
  return {
    mint({ session, generation, transport }) {
      // Pooled memory may hold anything, and a short id would let it show.
      const bytes = Buffer.allocUnsafe(TOKEN_BYTES).fill(0)
      bytes[0] = VERSIONS[transport]
      bytes.write(session, 1, 'base64url')
      bytes.writeUInt32BE(generation, GENERATION_AT)
      return tokens.seal(bytes)
    },
    parse(token) {
      const bytes = tokens.open(token)
      const transport = transportOf(bytes?.[0])
      if (bytes === undefined || transport === undefined) return undefined
      return {
        session: bytes.toString('base64url', 1, GENERATION_AT) as SessionId,
        generation: bytes.readUInt32BE(GENERATION_AT),
        transport,
      }
    },
  }
}

function transportOf(version: number | undefined): Transport | undefined {
  if (version === VERSIONS.cookie) return 'cookie'
  return version === VERSIONS.body ? 'body' : undefined
}
