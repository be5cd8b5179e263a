import type { Access, AccessPolicy } from './access/verify.ts'
import { ConfigError, UnavailableError } from './errors.ts'
import type { Gate } from './gate/gate.ts'
import type { Revoked, RevokeOptions } from './gate/revoke-others.ts'
import type { KeyInfo, KeyRing } from './keys/ring.ts'
import type { Clock } from './ports/clock.ts'
import type { RevocationStore } from './ports/revocations.ts'
import type { Session } from './ports/sessions.ts'
import type { ProblemCode } from './problems.ts'
import type { Replica } from './revocation/replica.ts'
import { type Auth, ownSubject } from './seam/auth.ts'
import type { Sender } from './seam/caller.ts'
import type { SessionEnd } from './sessions/end.ts'
import type { ListSessions } from './sessions/list.ts'
import type { Emit, EventMap } from './watch/events.ts'

/** Sessions, for the application. Each call rejects with `UnavailableError` while the store is away. */
export interface SessionCalls {
  /** The live sessions of a user, the latest sign-in first. */
  list(subject: string | Auth): Promise<readonly Session[]>
  /** Ends one session and its access tokens. `ended` is empty where the store does not know it. */
  revoke(session: string, options?: RevokeOptions): Promise<Revoked>
  /** Ends every session of a user, and refuses every access token issued to that user until now. */
  revokeAll(subject: string | Auth, options?: RevokeOptions): Promise<Revoked>
}

export type TokenVerdict =
  | { readonly kind: 'valid'; readonly auth: Auth }
  | { readonly kind: 'refused'; readonly problem: ProblemCode }

/** Access tokens, for the application. */
export interface TokenCalls {
  /**
   * Verifies an access token that did not arrive in an `Authorization` header, such as one of a WebSocket or a queue.
   * Does all that `authMiddleware` does, revocation included.
   *
   * @param sender who sent it, to be told in events. Default: nobody
   */
  verify(token: string, sender?: Partial<Sender>): Promise<TokenVerdict>
  /** Ends one access token. Its session lives on. Rejects with `UnavailableError` while the store is away. */
  revoke(jti: string, options?: RevokeOptions): Promise<Revoked>
}

/** Signing keys, for the application. */
export interface KeyCalls {
  /** The signing keys and their states, those that sign later first. */
  list(): readonly KeyInfo[]
  /**
   * Makes a new signing key, which signs once everybody can know it (after six minutes). Resolves to the pending one
   * if there is one. Rejects with `UnavailableError` while the store is away, and with a `ConfigError` where the keys
   * are given by the options.
   */
  rotate(): Promise<KeyInfo>
  /**
   * Takes a signing key out of use on every node, at once and for ever: its tokens are refused, sessions get new ones
   * at their next refresh, and another key signs. Rejects with `UnavailableError` while the store is away. This
   * process refuses the key even then; try again.
   */
  compromise(kid: string): Promise<void>
}

/** Session security without a framework: what an application calls beside its routes. */
export interface Sallyport {
  readonly sessions: SessionCalls
  readonly tokens: TokenCalls
  readonly keys: KeyCalls
  /** Adds a listener, and returns a function that removes it. */
  on<Name extends keyof EventMap>(name: Name, listener: (event: EventMap[Name]) => void): () => void
  /** Tells the listeners of something that the application did, such as `login.failed`. The time is added. */
  readonly emit: Emit
  /**
   * Ends an open connection, such as a WebSocket or an event stream, as soon as what let it in is revoked, by calling
   * `end`. Call the returned function when the connection closes by itself.
   */
  endOnRevocation(auth: Auth, end: () => void): () => void
  /** Whether requests can be served: the store answers, and there is a key to sign with. */
  ready(): Promise<boolean>
  /** Ends connections and timers. May be called more than once. */
  close(): Promise<void>
  /** @internal For adapters: see {@link gateOf}. */
  readonly [GATE]: Gate
}

/** Hides the gate from applications, which have no use for it. */
export const GATE: unique symbol = Symbol('sallyport.gate')

/** The gate of a Sallyport, for adapters and for routes that behave the same on every framework. */
export function gateOf(sallyport: Sallyport): Gate {
  return sallyport[GATE]
}

const BY_APPLICATION = 'revoked_by_application'
const NOBODY = {}
const ANY_ISSUER: AccessPolicy = { ownOnly: false, whenUnavailable: 'refuse' }

export function createSessionCalls(list: ListSessions, end: Pick<SessionEnd, 'one' | 'all'>): SessionCalls {
  return {
    async list(subject) {
      const outcome = await list(ownSubject(subject))
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      return outcome.sessions
    },
    async revoke(session, { reason = BY_APPLICATION } = {}) {
      const outcome = await end.one(session, { reason, caller: NOBODY })
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      return { ended: outcome.kind === 'ended' ? [session] : [] }
    },
    async revokeAll(subject, { reason = BY_APPLICATION } = {}) {
      const outcome = await end.all(ownSubject(subject), { reason, caller: NOBODY })
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      return { ended: outcome.sessions }
    },
  }
}

export interface TokenCallsParts {
  readonly access: Pick<Access, 'verify'>
  readonly store: Pick<RevocationStore, 'revoke'>
  readonly replica: Pick<Replica, 'add'>
  readonly emit: Emit
  readonly clock: Clock
}

export function createTokenCalls({ access, store, replica, emit, clock }: TokenCallsParts): TokenCalls {
  return {
    async verify(token, { ip, headers = {} } = {}) {
      const verdict = await access.verify(token, { ip, headers }, ANY_ISSUER)
      return verdict.kind === 'allow'
        ? { kind: 'valid', auth: verdict.auth }
        : { kind: 'refused', problem: verdict.problem }
    },
    async revoke(jti, { reason = BY_APPLICATION } = {}) {
      const outcome = await store.revoke({ kind: 'token', jti }, clock.now())
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      replica.add({ kind: 'token', jti })
      emit({ event: 'token.revoked', outcome: 'success', reason, jti })
      return { ended: [jti] }
    },
  }
}

export interface KeyCallsParts {
  readonly ring: Pick<KeyRing, 'list' | 'rotate' | 'compromise'>
  readonly store: Pick<RevocationStore, 'revoke'>
  readonly replica: Pick<Replica, 'add'>
  readonly clock: Clock
}

export function createKeyCalls({ ring, store, replica, clock }: KeyCallsParts): KeyCalls {
  return {
    list: ring.list,
    async rotate() {
      const outcome = await ring.rotate()
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      if (outcome.kind === 'given')
        throw new ConfigError('access.keys', {
          sentence: 'the keys are given by the options ("access.keys" or "access.signers") and change there',
        })
      return outcome.key
    },
    async compromise(kid) {
      replica.add({ kind: 'key', kid })
      // Another key signs before the tokens of this one are refused, so that nobody is without one.
      const taken = await ring.compromise(kid)
      const revoked = await store.revoke({ kind: 'key', kid }, clock.now())
      if (taken.kind === 'unavailable' || revoked.kind === 'unavailable') throw new UnavailableError()
    },
  }
}
