import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { SessionId } from '../ports/ids.ts'
import { SESSION_ID_BYTES } from '../ports/ids.ts'
import type { Transport } from '../ports/sessions.ts'

const PREFIX = 'spr_'
const MAC_BYTES = 16
const GENERATION_AT = 1 + SESSION_ID_BYTES
const MAC_AT = GENERATION_AT + 4
const TOKEN_BYTES = MAC_AT + MAC_BYTES
/** 49 bytes leave two bits for the last character, so it is one of four. */
const TOKEN = /^spr_[A-Za-z0-9_-]{65}[AQgw]$/
/** The first byte is both the version and the transport, so that neither kind passes for the other. */
const VERSIONS: Readonly<Record<Transport, number>> = { cookie: 1, body: 2 }

/** What a refresh token contains. */
export interface RefreshTicket {
  readonly session: SessionId
  readonly generation: number
  readonly transport: Transport
}

/**
 * Refresh tokens: opaque to clients, kept by nobody. A token is its session's id and generation under
 * a MAC, so a guess never reaches the store, and a genuine token of an earlier generation proves that it was
 * once issued. The same generation is always the same string, on which racing holders converge.
 */
export interface RefreshTokens {
  mint(ticket: RefreshTicket): string
  /** `undefined` for whatever was never issued. */
  parse(token: string): RefreshTicket | undefined
}

/** @param keys MAC keys, the current one first; tokens under the others are still read. */
export function createRefreshTokens([first, ...others]: readonly [
  Uint8Array,
  ...Uint8Array[],
]): RefreshTokens {
  const current = createSecretKey(first)
  const keys = [current, ...others.map((key) => createSecretKey(key))]
  // A digest as bytes would get memory of its own, which costs more than the detour through a string.
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
    parse(token) {
      // One token, one spelling: the decoder forgives padding, spare bits and foreign characters.
      if (!TOKEN.test(token)) return undefined
      const bytes = Buffer.from(token.slice(PREFIX.length), 'base64url')
      const transport = transportOf(bytes[0])
      const body = bytes.subarray(0, MAC_AT)
      const sent = bytes.subarray(MAC_AT)
      if (transport === undefined || !keys.some((key) => timingSafeEqual(mac(key, body), sent)))
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
