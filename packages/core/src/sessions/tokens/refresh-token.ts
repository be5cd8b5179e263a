import { SESSION_ID_BYTES, type SessionId } from '../../ports/ids.ts'
import type { Transport } from '../../ports/session.ts'
import { createOpaqueTokens, MAC_BYTES, type OpaqueKeys } from '../../tokens/opaque.ts'
import { BOND_BYTES, type Bond, readBond, writeBond } from './bond.ts'

const PREFIX = 'spr_'
const GENERATION_AT = 1 + SESSION_ID_BYTES
const BOND_AT = GENERATION_AT + 4
/** The first byte is the version and also the transport, so that a token of one transport is refused by the other. */
const VERSIONS: Readonly<Record<Transport, number>> = { cookie: 3, body: 4 }
/** Of tokens with a bond, which are longer. */
const BOUND_VERSIONS: Readonly<Record<Transport, number>> = { cookie: 5, body: 6 }

/** The content of a refresh token. */
export interface RefreshTicket {
  readonly session: SessionId
  readonly generation: number
  readonly transport: Transport
  /** What the client must have to use it. Absent: nothing else. */
  readonly bond?: Bond | undefined
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
  const plain = createOpaqueTokens({ prefix: PREFIX, size: BOND_AT + MAC_BYTES }, keys)
  const bound = createOpaqueTokens({ prefix: PREFIX, size: BOND_AT + BOND_BYTES + MAC_BYTES }, keys)

  return {
    mint({ session, generation, transport, bond }) {
      // Pooled memory contains old data, which a short id would leave in the token.
      const size = BOND_AT + (bond === undefined ? 0 : BOND_BYTES) + MAC_BYTES
      const bytes = Buffer.allocUnsafe(size).fill(0)
      bytes[0] = (bond === undefined ? VERSIONS : BOUND_VERSIONS)[transport]
      bytes.write(session, 1, 'base64url')
      bytes.writeUInt32BE(generation, GENERATION_AT)
      if (bond === undefined) return plain.seal(bytes)
      writeBond(bond, bytes, BOND_AT)
      return bound.seal(bytes)
    },
    parse(token) {
      const bytes = plain.unseal(token)
      if (bytes !== undefined) return ticketIn(bytes, VERSIONS)
      const longer = bound.unseal(token)
      const ticket = longer && ticketIn(longer, BOUND_VERSIONS)
      return longer && ticket && { ...ticket, bond: readBond(longer, BOND_AT) }
    },
  }
}

function ticketIn(bytes: Buffer, versions: Readonly<Record<Transport, number>>): RefreshTicket | undefined {
  const transport = transports.find((one) => versions[one] === bytes[0])
  if (transport === undefined) return undefined
  return {
    session: bytes.toString('base64url', 1, GENERATION_AT) as SessionId,
    generation: bytes.readUInt32BE(GENERATION_AT),
    transport,
  }
}

const transports: readonly Transport[] = ['cookie', 'body']
