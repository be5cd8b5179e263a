import type { Access, AccessPolicy } from './access/verify.ts'
import { ConfigError, UnavailableError } from './errors.ts'
import type { Gate } from './gate/gate.ts'
import type { Revoked, RevokeOptions } from './gate/session-calls.ts'
import type { KeyInfo, KeyRing } from './keys/ring.ts'
import type { Clock } from './ports/clock.ts'
import type { RevocationStore } from './ports/revocations.ts'
import type { Session } from './ports/sessions.ts'
import { printable } from './printable.ts'
import type { ProblemCode } from './problems.ts'
import type { Replica } from './revocation/replica.ts'
import { type Auth, ownSubject } from './seam/auth.ts'
import type { Sender } from './seam/caller.ts'
import type { SessionEnd } from './sessions/end.ts'
import type { ListSessions } from './sessions/list.ts'
import type { RenewSessions } from './sessions/renew.ts'
import type { Emit, EventMap } from './watch/events.ts'

/**
 * What an application does with sessions. Each call rejects with an `UnavailableError` while the store does not answer.
 * Calls reject with a `TypeError` for an id that is not a string of 1 to 255 characters, and calls that take an `Auth`
 * if another issuer issued its token.
 */
export interface SessionCalls {
  /** Lists the live sessions of a user, the latest sign-in first. */
  list(subject: string | Auth): Promise<readonly Session[]>
  /** Ends one session and its access tokens. `ended` is empty if the store does not know the session. */
  revoke(session: string, options?: RevokeOptions): Promise<Revoked>
  /** Ends every session of a user, and refuses every access token issued to that user so far. */
  revokeAll(subject: string | Auth, options?: RevokeOptions): Promise<Revoked>
  /**
   * Gives every session of a user another scope, such as after a change of rights. The sessions live on. Access tokens
   * with the earlier scope are refused from now on, and clients get new ones by a refresh.
   */
  setScope(subject: string | Auth, scope: readonly string[], options?: RevokeOptions): Promise<Renewed>
}

/** The sessions that live on, and whose access tokens have been refused. */
export interface Renewed {
  readonly sessions: readonly string[]
}

export type TokenVerdict =
  | { readonly kind: 'valid'; readonly auth: Auth }
  | { readonly kind: 'refused'; readonly problem: ProblemCode }

/** What an application does with access tokens. */
export interface TokenCalls {
  /**
   * Verifies an access token that arrived outside an `Authorization` header, such as over a WebSocket or in a queue.
   * Checks everything that `authMiddleware` checks, including revocation, and accepts the same issuers.
   *
   * Does NOT check scopes. Resolves to `refused` for a bad token, and while a store that has to be asked does not
   * answer. Rejects only if the option `claims.of` does, which happens with reference tokens only.
   *
   * @param sender who sent the token, for events. Default: unknown
   *
   * @example
   * ```ts
   * import { createSallyport } from '@sallyport/core'
   *
   * const { tokens } = await createSallyport()
   *
   * async function subjectOf(message: { token: string }): Promise<string | undefined> {
   *   const verdict = await tokens.verify(message.token)
   *   return verdict.kind === 'valid' ? verdict.auth.subject : undefined
   * }
   * ```
   */
  verify(token: string, sender?: Partial<Sender>): Promise<TokenVerdict>
  /**
   * Revokes one access token by its `jti`. Its session lives on. Rejects with an `UnavailableError` while the store
   * does not answer.
   */
  revoke(jti: string, options?: RevokeOptions): Promise<Revoked>
  /**
   * Revokes every access token issued to a user so far, such as after a change of roles. The sessions live on, and
   * clients get new tokens by a refresh. Rejects with an `UnavailableError` while the store does not answer.
   */
  revokeAll(subject: string | Auth, options?: RevokeOptions): Promise<Renewed>
}

/** What an application does with signing keys. */
export interface KeyCalls {
  /** Lists the signing keys and their states; keys that start to sign later come first. */
  list(): readonly KeyInfo[]
  /**
   * Makes a new signing key. It starts to sign after six minutes, when every cached JWK Set contains it. Resolves to
   * the pending key if there is one already.
   *
   * Rejects with an `UnavailableError` while the store does not answer, and with a `ConfigError` if the keys are set
   * in the options.
   */
  rotate(): Promise<KeyInfo>
  /**
   * Takes a signing key out of use on every node, at once and for good. Its tokens are refused, sessions get new ones
   * at their next refresh, and another key signs.
   *
   * The store remembers this for as long as it keeps its data. Add the `kid` to the option `access.compromised`, so that
   * the key also stays out of use when an older copy of the store is put back; a process warning says so.
   *
   * Rejects with an `UnavailableError` while the store does not answer. Even then this process refuses the key; call
   * again until the call succeeds, so that the other nodes refuse it, too.
   */
  compromise(kid: string): Promise<void>
}

/** Session security without a framework: what an application calls apart from its routes. */
export interface Sallyport {
  readonly sessions: SessionCalls
  readonly tokens: TokenCalls
  readonly keys: KeyCalls
  /** Adds a listener, and returns a function that removes it. */
  on<Name extends keyof EventMap>(name: Name, listener: (event: EventMap[Name]) => void): () => void
  /** Passes an event of the application, such as `login.failed`, to the listeners. The time is added. */
  readonly emit: Emit
  /**
   * Ends an open connection, such as a WebSocket or an event stream, as soon as the token that let it in is revoked or
   * expires, by calling `end`. Call the returned function when the connection closes by itself.
   */
  endOnRevocation(auth: Auth, end: () => void): () => void
  /** Whether requests can be served: the store answers, and a signing key is available. */
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

const BY_APPLICATION = 'revoked_by_application'
const UNKNOWN_CALLER = {}
const ANY_ISSUER: AccessPolicy = { issuers: 'all', whenUnavailable: 'refuse' }

export interface SessionCallsParts {
  readonly list: ListSessions
  readonly end: Pick<SessionEnd, 'one' | 'all'>
  readonly renew: RenewSessions
}

export function createSessionCalls({ list, end, renew }: SessionCallsParts): SessionCalls {
  return {
    async list(subject) {
      const outcome = await list(identifier('subject', ownSubject(subject)))
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      return outcome.sessions
    },
    async revoke(session, { reason = BY_APPLICATION } = {}) {
      const outcome = await end.one(identifier('session', session), { reason, caller: UNKNOWN_CALLER })
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      return { ended: outcome.kind === 'ended' ? [session] : [] }
    },
    async revokeAll(subject, { reason = BY_APPLICATION } = {}) {
      const outcome = await end.all(identifier('subject', ownSubject(subject)), {
        reason,
        caller: UNKNOWN_CALLER,
      })
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      return { ended: outcome.sessions }
    },
    setScope: async (subject, scope, { reason = 'scope_changed' } = {}) =>
      renewed(renew(identifier('subject', ownSubject(subject)), { scope, reason })),
  }
}

async function renewed(outcome: ReturnType<RenewSessions>): Promise<Renewed> {
  const settled = await outcome
  if (settled.kind === 'unavailable') throw new UnavailableError()
  return { sessions: settled.sessions }
}

export interface TokenCallsParts {
  readonly renew: RenewSessions
  readonly access: Pick<Access, 'verify'>
  readonly store: Pick<RevocationStore, 'revoke'>
  readonly replica: Pick<Replica, 'add'>
  readonly emit: Emit
  readonly clock: Clock
}

export function createTokenCalls(parts: TokenCallsParts): TokenCalls {
  const { access, store, replica, renew, emit, clock } = parts
  return {
    async verify(token, { ip, headers = {} } = {}) {
      const verdict = await access.verify(token, { ip, headers }, ANY_ISSUER)
      return verdict.kind === 'allow'
        ? { kind: 'valid', auth: verdict.auth }
        : { kind: 'refused', problem: verdict.problem }
    },
    async revoke(jti, { reason = BY_APPLICATION } = {}) {
      const outcome = await store.revoke({ kind: 'token', jti: identifier('jti', jti) }, clock.now())
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      replica.add({ kind: 'token', jti })
      emit({ event: 'token.revoked', outcome: 'success', reason, jti })
      return { ended: [jti] }
    },
    revokeAll: async (subject, { reason = BY_APPLICATION } = {}) =>
      renewed(renew(identifier('subject', ownSubject(subject)), { reason })),
  }
}

export interface KeyCallsParts {
  readonly ring: Pick<KeyRing, 'list' | 'rotate' | 'compromise'>
  readonly store: Pick<RevocationStore, 'revoke'>
  readonly replica: Pick<Replica, 'add'>
  readonly clock: Clock
  readonly notice: (message: string) => void
}

export function createKeyCalls({ ring, store, replica, clock, notice }: KeyCallsParts): KeyCalls {
  return {
    list: ring.list,
    async rotate() {
      const outcome = await ring.rotate()
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      if (outcome.kind === 'given')
        throw new ConfigError('access.keys', {
          sentence: 'the keys are set in the options: change "access.keys" or "access.signers" instead',
        })
      return outcome.key
    },
    async compromise(kid) {
      identifier('kid', kid)
      replica.add({ kind: 'key', kid })
      // Another key must sign before this key's tokens are refused, so that every client can get a good token.
      const removed = await ring.compromise(kid)
      const revoked = await store.revoke({ kind: 'key', kid }, clock.now())
      if (removed.kind === 'unavailable' || revoked.kind === 'unavailable') throw new UnavailableError()
      const name = printable(JSON.stringify(kid))
      notice(
        `the key ${name} is compromised and out of use: add ${name} to "access.compromised", so that an older copy of the store cannot bring it back`,
      )
    },
  }
}

/** An empty id would concern every token that has none, such as those of other issuers. */
function identifier(name: string, given: string): string {
  if (typeof given === 'string' && given.length >= 1 && given.length <= 255) return given
  throw new TypeError(`"${name}" must be a string of 1 to 255 characters`)
}
