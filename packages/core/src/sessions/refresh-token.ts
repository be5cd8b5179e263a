import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import { SESSION_ID_BYTES } from '../ports/ids.ts'
import type { SessionId, Transport } from '../ports/model.ts'

const PREFIX = 'spr_'
const MAC_BYTES = 16
const GENERATION_AT = 1 + SESSION_ID_BYTES
const MAC_AT = GENERATION_AT + 4
const TOKEN_BYTES = MAC_AT + MAC_BYTES
const TOKEN_CHARS = PREFIX.length + Math.ceil((TOKEN_BYTES * 4) / 3)
/** The first byte is both the version and the transport, so that neither kind passes for the other. */
const VERSIONS: Readonly<Record<Transport, number>> = { cookie: 1, body: 2 }

/** What a refresh token says of itself. */
export interface RefreshTicket {
  readonly session: SessionId
  readonly generation: number
  readonly transport: Transport
}

/**
 * Refresh tokens: opaque to clients, kept by nobody. A token is its session's id and generation under
 * a MAC, so a guess never reaches the store, and a genuine token of an earlier generation proves that
 * it was once issued. The same generation is always the same text: racing holders converge on it.
 */
export interface RefreshTokens {
  mint(ticket: RefreshTicket): string
  /** `undefined` for whatever was never issued. */
  read(text: string): RefreshTicket | undefined
}

/** @param keys MAC keys, the current one first; tokens under the others are still read. */
export function createRefreshTokens([first, ...others]: readonly [
  Uint8Array,
  ...Uint8Array[],
]): RefreshTokens {
  const current = createSecretKey(first)
  const keys = [current, ...others.map((key) => createSecretKey(key))]
  const mac = (key: KeyObject, body: Uint8Array): Buffer =>
    createHmac('sha256', key).update(body).digest().subarray(0, MAC_BYTES)

  return {
    mint(ticket) {
      const bytes = Buffer.alloc(TOKEN_BYTES)
      bytes[0] = VERSIONS[ticket.transport]
      bytes.write(ticket.session, 1, 'base64url')
      bytes.writeUInt32BE(ticket.generation, GENERATION_AT)
      bytes.set(mac(current, bytes.subarray(0, MAC_AT)), MAC_AT)
      return PREFIX + bytes.toString('base64url')
    },
    read(text) {
      if (text.length !== TOKEN_CHARS || !text.startsWith(PREFIX)) return undefined
      const encoded = text.slice(PREFIX.length)
      const bytes = Buffer.from(encoded, 'base64url')
      // One token, one spelling: the decoder forgives padding, spare bits and foreign characters.
      if (bytes.length !== TOKEN_BYTES || bytes.toString('base64url') !== encoded) return undefined
      const transport = transportOf(bytes[0])
      const body = bytes.subarray(0, MAC_AT)
      const shown = bytes.subarray(MAC_AT)
      if (transport === undefined || !keys.some((key) => timingSafeEqual(mac(key, body), shown)))
        return undefined
      return {
        session: bytes.subarray(1, GENERATION_AT).toString('base64url') as SessionId,
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
