import type { SessionId } from './ids.ts'
import type { Lifetimes } from './lifetimes.ts'

/** How a session's refresh token travels: in the cookie, or in the bodies of the token endpoint. */
export type Transport = 'cookie' | 'body'

/** What is stored about a session's device, in order to recognise it. */
export interface DeviceBinding {
  /**
   * One keyed hash of {@link CELL_BYTES} bytes for each component, in a fixed order. A cell of zeros, or one beyond the
   * end, stands for what was not sent, and is never compared.
   */
  readonly cells: Uint8Array
  /** The browser's major version, or 0 if it has none. It is compared by size, so it is not hashed. */
  readonly version: number
}

/** Drift bit: the browser's version decreased. The bits below it say which cells changed. */
export const VERSION_FELL: number = 1 << 15

export const CELL_BYTES = 4

/** What follows when a session's device has changed. A mask has bit n for cell n, and {@link VERSION_FELL}. */
export interface DriftRule {
  /** A change of any of these ends the session. */
  readonly enforced: number
  /** A change of any of these asks for a step-up. */
  readonly stepUp: number
  /** The changes that count towards the two limits. */
  readonly counted: number
  /** So many counted changes ask for a step-up. 0: no number does. */
  readonly stepUpAt: number
  /** So many counted changes end the session. 0: no number does. */
  readonly endAt: number
}

/** What a user has proved since the sign-in. It counts for a while (RFC 9470). */
export interface Elevation {
  readonly acr?: string
  readonly amr?: readonly string[]
  /** When the user proved it, in seconds since the epoch. */
  readonly authenticatedAt: number
  /** From then on the sign-in counts again. Seconds since the epoch. */
  readonly until: number
}

/** What a client must have besides a session's tokens, so that whoever steals those can do nothing with them. */
export interface BoundTo {
  /** The key with this thumbprint (RFC 9449, section 6.1). */
  readonly jkt?: string
  /** The certificate with this thumbprint (RFC 8705, section 3.1). */
  readonly x5t?: string
  /** The cookie with this hash, which no page can read. */
  readonly fgp?: string
}

/** The key of a browser, which it registered for its session (DBSC). Its private half can't leave the device. */
export interface BoundKey {
  /** Its thumbprint (RFC 7638). */
  readonly jkt: string
  readonly alg: 'ES256' | 'RS256'
  /** The public half, as a JWK. */
  readonly jwk: Readonly<Record<string, string>>
  /** When it was registered, in milliseconds since the epoch. */
  readonly boundAt: number
}

/**
 * How long after its registration a key is not asked for: refreshes may be under way that the browser sent before it knew
 * that it had registered.
 */
export const BOUND_KEY_GRACE_MS = 10_000

/**
 * What was decided at sign-in. Nothing changes during the life of the session but the scope, the elevation, and once the
 * key of its browser.
 */
export interface Grant {
  readonly subject: string
  readonly client: string
  readonly scope: string
  readonly transport: Transport
  /** When the user proved who they are, in seconds since the epoch. */
  readonly authenticatedAt: number
  readonly acr?: string
  readonly amr?: readonly string[]
  /** The device in words, such as "Firefox on Linux". */
  readonly device: string
  readonly elevation?: Elevation
  readonly boundTo?: BoundTo
  readonly boundKey?: BoundKey
  /** Lifetimes of its own, where they are shorter than those of all sessions. */
  readonly lifetimes?: Lifetimes
  /** The browser drops the refresh cookie when it closes. */
  readonly transient?: true
}

/** One session. All instants are milliseconds since the epoch. */
export interface Session extends Grant {
  readonly id: SessionId
  /** Counts from 1. Each rotation of the refresh token increases it. */
  readonly generation: number
  readonly createdAt: number
  /** When the current generation began. The grace period counts from here. */
  readonly rotatedAt: number
  /** The client's address at sign-in or at the last rotation. */
  readonly ip?: string
}

/**
 * Names an attempt to refresh. A repetition of it has the same key, and so can be told from every other use of the same
 * refresh token.
 */
export interface RetryKey {
  /** {@link RETRY_KEY_BYTES} bytes: a hash of what the client sent, or random ones of the process that it asked. */
  readonly bytes: Uint8Array
  /** The client sent it, as `Idempotency-Key`. Its session is a keyed one from then on. */
  readonly sent: boolean
}

export const RETRY_KEY_BYTES = 6
