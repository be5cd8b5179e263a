declare const brand: unique symbol

/**
 * Names one session (a refresh family): 38 base64url characters, of which the first 16 name the
 * subject (see {@link SubjectTag}) and the others are 128 random bits.
 */
export type SessionId = string & { readonly [brand]: 'SessionId' }

/**
 * Names a subject without telling it: 16 base64url characters, the first 96 bits of a SHA-256.
 * All that the store keeps of one subject lies under its tag.
 */
export type SubjectTag = string & { readonly [brand]: 'SubjectTag' }

/** How a session's refresh token travels: in the cookie, or in the bodies of the token endpoint. */
export type Transport = 'cookie' | 'body'

/**
 * What a device looked like: one keyed hash of four bytes per component, in a fixed order, and the
 * browser's major version (0 where it has none), which may rise but is no secret.
 */
export interface DeviceBinding {
  readonly cells: Uint8Array
  readonly version: number
}

/**
 * Of a drift (bit n: cell n is not what it was), the bit that says that the browser is older than it was.
 */
export const VERSION_FELL: number = 1 << 15

/** What was agreed at sign-in; it stays as it is for the whole life of the session. */
export interface Grant {
  readonly subject: string
  readonly client: string
  readonly scope: string
  readonly transport: Transport
  /** Seconds since the epoch at which the user proved who they are. */
  readonly authenticatedAt: number
  readonly acr?: string
  readonly amr?: readonly string[]
  /** What a person would call the device, as "Firefox on Linux". */
  readonly device: string
}

/** One session as the store holds it. All instants are milliseconds since the epoch. */
export interface Session extends Grant {
  readonly id: SessionId
  readonly generation: number
  readonly createdAt: number
  /** When the current generation came to be; the grace counts from here. */
  readonly rotatedAt: number
  readonly ip?: string
}

/** How long sessions live: `idleMs` since the last refresh, `absoluteMs` since sign-in. */
export interface Lifetimes {
  readonly idleMs: number
  readonly absoluteMs: number
}

/** What ends tokens before their time. */
export type Revocation =
  | { readonly kind: 'session'; readonly session: string }
  | { readonly kind: 'token'; readonly jti: string }
  | {
      readonly kind: 'subject'
      readonly tag: SubjectTag
      /** Tokens issued in this second (since the epoch) or earlier are refused ... */
      readonly notBefore: number
      /** ... but for those of this session. */
      readonly except?: SessionId
    }
  | { readonly kind: 'key'; readonly kid: string }

/** What of an access token a revocation can concern. */
export interface TokenIdentity {
  readonly session: string
  readonly tag: SubjectTag
  readonly jti: string
  readonly kid: string
  /** Seconds since the epoch. */
  readonly issuedAt: number
}

/** A private signing key, encrypted so that only holders of the `secret` can open it. */
export interface SealedKey {
  readonly kid: string
  /** Compact JWE. */
  readonly sealed: string
}

/** What is left of a key that somebody else may have: its name, so that it never comes back. */
export interface CompromisedKey {
  readonly kid: string
  /** Milliseconds since the epoch. */
  readonly compromisedAt: number
}

/** One key of the ring as the store holds it. */
export type RingEntry = SealedKey | CompromisedKey

/**
 * The store gave no answer in time, or one that says that it can't serve: away, hung, read-only,
 * out of memory, forbidden. Whether the step took effect is not known, so every step may be repeated.
 */
export interface Unavailable {
  readonly kind: 'unavailable'
}
