import { SESSION_ID_BYTES, type SessionId } from '../../ports/ids.ts'
import type { Transport } from '../../ports/session.ts'
import { createOpaqueTokens, MAC_BYTES, type OpaqueKeys } from '../../tokens/opaque.ts'

const GENERATION_AT = 1 + SESSION_ID_BYTES
const TOKEN_BYTES = GENERATION_AT + 4 + MAC_BYTES
/** The first byte is the version and also the transport, so that a token of one transport is refused by the other. */
const VERSIONS: Readonly<Record<Transport, number>> = { cookie: 3, body: 4 }

/** The content of a refresh token. */
export interface RefreshTicket {
  readonly session: SessionId
  readonly generation: number
  readonly transport: Transport
}

/**
 * Refresh tokens: a session's id and generation, encrypted under a MAC. Because of the MAC, a token of an earlier
 * generation proves that it was once issued. One generation always gives the same string, so racing holders converge on it.
 */
export interface RefreshTokens {
  mint(ticket: RefreshTicket): string
  /** Reads a token; `undefined` if it was never issued. */
  parse(token: string): RefreshTicket | undefined
}

/** @param keys the current ones first; tokens under the others are still accepted */
export function createRefreshTokens(keys: readonly [OpaqueKeys, ...OpaqueKeys[]]): RefreshTokens {
  const tokens = createOpaqueTokens({ prefix: 'spr_', size: TOKEN_BYTES }, keys)
  return {
    mint({ session, generation, transport }) {
      // Pooled memory contains old data, which a short id would leave in the token.
      const bytes = Buffer.allocUnsafe(TOKEN_BYTES).fill(0)
      bytes[0] = VERSIONS[transport]
      bytes.write(session, 1, 'base64url')
      bytes.writeUInt32BE(generation, GENERATION_AT)
      return tokens.seal(bytes)
    },
    parse(token) {
      const bytes = tokens.unseal(token)
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
