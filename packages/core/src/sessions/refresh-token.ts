import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import { SESSION_ID_BYTES } from '../ports/ids.ts'
import type { SessionId, Transport } from '../ports/model.ts'

const PREFIX = 'spr_'
const MAC_BYTES = 16
const GENERATION_AT = 1 + SESSION_ID_BYTES
const MAC_AT = GENERATION_AT + 4
const TOKEN_BYTES = MAC_AT + MAC_BYTES
/** 49 bytes leave the last character two bits to say, so four letters. */
const TOKEN = /^spr_[A-Za-z0-9_-]{65}[AQgw]$/
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
  // As bytes, a digest would get memory of its own, which costs more than the way through a text.
  const mac = (key: KeyObject, body: Uint8Array): Buffer =>
    Buffer.from(createHmac('sha256', key).update(body).digest('binary').slice(0, MAC_BYTES), 'binary')

  return {
    mint(ticket) {
      // From the pool, for the same reason.
      const bytes = Buffer.allocUnsafe(TOKEN_BYTES).fill(0)
      bytes[0] = VERSIONS[ticket.transport]
      bytes.write(ticket.session, 1, 'base64url')
      bytes.writeUInt32BE(ticket.generation, GENERATION_AT)
      bytes.set(mac(current, bytes.subarray(0, MAC_AT)), MAC_AT)
      return PREFIX + bytes.toString('base64url')
    },
    read(text) {
      // One token, one spelling: the decoder forgives padding, spare bits and foreign characters.
      if (!TOKEN.test(text)) return undefined
      const bytes = Buffer.from(text.slice(PREFIX.length), 'base64url')
      const transport = transportOf(bytes[0])
      const body = bytes.subarray(0, MAC_AT)
      const shown = bytes.subarray(MAC_AT)
      if (transport === undefined || !keys.some((key) => timingSafeEqual(mac(key, body), shown)))
        return undefined
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
