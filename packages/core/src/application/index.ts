import type { Gate } from '../gate/gate.ts'
import type { Auth } from '../seam/auth.ts'
import type { Emit, EventMap } from '../watch/events.ts'
import { createRevokeEverything, type RevokeEverything } from './everything.ts'
import { createForgetUser, type ForgetUser } from './forget.ts'
import { createKeyCalls, type KeyCalls } from './keys.ts'
import { createLockoutCalls, type LockoutCalls } from './lockout.ts'
import { createSessionCalls, type SessionCalls, type SessionList } from './sessions.ts'
import { createTokenCalls, type TokenCalls } from './tokens.ts'

export type { Renewed, RevokeOneOptions } from './arguments.ts'
export type { Unlocked } from './lockout.ts'
export type { RevokedMany } from './many.ts'
export type { TokenVerdict } from './tokens.ts'
export {
  createForgetUser,
  createKeyCalls,
  createLockoutCalls,
  createRevokeEverything,
  createSessionCalls,
  createTokenCalls,
  type KeyCalls,
  type LockoutCalls,
  type SessionCalls,
  type SessionList,
  type TokenCalls,
}

/** Session security without a framework: what an application calls apart from its routes. */
export interface Sallyport {
  readonly sessions: SessionCalls
  readonly tokens: TokenCalls
  readonly keys: KeyCalls
  readonly lockout: LockoutCalls
  /**
   * Signs out everybody, such as after a break-in: ends every session, and refuses every access token issued until now,
   * on every process within a second. Costs the same however many users there are, and so names none: one event
   * `token.revoked` tells it, with the reason `revoke_all` unless you give another. Whoever signs in afterwards is not
   * concerned.
   *
   * Ends what is in the store of this deployment, under its key prefix. Tokens of the option `issuers` are not
   * concerned. Rejects with an `UnavailableError` unless the whole store answered: call again until it succeeds.
   */
  readonly revokeAll: RevokeEverything
  /**
   * Forgets a user, such as when the account is deleted: ends all sessions, refuses every access token, and erases what
   * the store knows of the user. What you have written down of events is yours to erase.
   *
   * Rejects with an `UnavailableError` if the store did not do all of it, and if the user signs in again meanwhile: call
   * again until it succeeds.
   */
  readonly forgetUser: ForgetUser
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
