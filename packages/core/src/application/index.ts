import type { Gate } from '../gate/gate.ts'
import type { Auth } from '../seam/auth.ts'
import type { Emit, EventMap } from '../watch/events.ts'
import type { Calls } from './calls.ts'

export type { ApiKeyCalls, ApiKeyInfo, CreatedApiKey, RevokedApiKeys } from './api-keys/index.ts'
export type { Caused, Renewed } from './arguments.ts'
export type { AuditCalls } from './audit.ts'
export { type Calls, createCalls } from './calls.ts'
export type { KeyCalls } from './keys.ts'
export type { LockAbout, LockoutCalls, Unlocked } from './lockout.ts'
export type { RevokedMany } from './many.ts'
export type { OutboxCalls } from './outbox/index.ts'
export type { RiskCalls } from './risk.ts'
export type { SessionCalls, SessionList, SessionUpdate } from './sessions.ts'
export type { TokenCalls, TokenVerdict, TokenVerifyOptions } from './tokens.ts'

/** Session security without a framework: what an application calls apart from its routes. */
export interface Sallyport extends Calls {
  /** Adds a listener, and returns a function that removes it. */
  on<Name extends keyof EventMap>(name: Name, listener: (event: EventMap[Name]) => void): () => void
  /** Passes an event of the application, such as `login.failed`, to the listeners. The time is added. */
  readonly emit: Emit
  /**
   * Ends an open connection, such as a WebSocket or an event stream, as soon as the token that let it in is revoked or
   * expires, by calling `end`. Call the returned function when the connection closes by itself.
   */
  endOnRevocation(auth: Auth, end: () => void): () => void
  /**
   * Ends every connection that was given to `endOnRevocation`, and the library's own streams; those that come later end at
   * once. Call it before you close a server, which would wait for them. All else goes on. `close` does it, too.
   */
  endConnections(): void
  /**
   * Whether requests can be served: the store answers and accepts changes, what this process knows of revocations is no
   * staler than allowed (unless `revocation.mode` is `strict`), and a signing key is available. Calls within 250
   * milliseconds share one look at the store.
   */
  ready(): Promise<boolean>
  /** Closes connections and stops timers. May be called more than once. */
  close(): Promise<void>
  /** @internal For adapters: see {@link gateOf}. */
  readonly [GATE]: Gate
}

/** A symbol, so that applications, which have no use for the gate, do not see it. */
export const GATE: unique symbol = Symbol('sallyport.gate')

/** Returns the gate of a `Sallyport`, for adapters and for routes that behave the same on every framework. */
export function gateOf(sallyport: Sallyport): Gate {
  return sallyport[GATE]
}
