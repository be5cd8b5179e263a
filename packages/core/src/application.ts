import { ConfigError, UnavailableError } from './errors.ts'
import type { GateParts } from './gate/parts.ts'
import { endSubject } from './gate/subject.ts'
import type { KeyInfo } from './keys/ring.ts'
import { tagOf } from './ports/ids.ts'
import type { Session } from './ports/model.ts'

/** What an application calls besides the routes. */
export interface ApplicationCalls {
  readonly sessions: {
    /** The live sessions of a user, the latest first. Rejects with `UnavailableError` while the store is away. */
    list(subject: string): Promise<readonly Session[]>
    /** Ends one session and its access tokens; answers whether it was known. Rejects as `list` does. */
    revoke(session: string, reason?: string): Promise<boolean>
  }
  /** Ends every session of a user, and every token issued until now. Rejects as `sessions.list` does. */
  revokeUser(subject: string, reason?: string): Promise<void>
  /** Ends one access token; its session lives on. Rejects as `sessions.list` does. */
  revokeToken(jti: string, reason?: string): Promise<void>
  readonly keys: {
    /** The signing keys and their states, those that sign later first. */
    list(): readonly KeyInfo[]
    /**
     * Makes a new signing key, which signs once everybody can know it (six minutes); gives the one under way
     * if there is one. Rejects with `UnavailableError` while the store is away, and with a `ConfigError` where
     * the keys are given by the options.
     */
    rotate(): Promise<KeyInfo>
    /**
     * Takes a signing key out of use on every node, at once and for ever: its tokens are refused, sessions get
     * new ones at their next refresh, another key signs. Rejects with `UnavailableError` while the store is
     * away, though this process then refuses it already: try again.
     */
    compromise(kid: string): Promise<void>
  }
}

/** Puts the calls together from the parts of the gate. */
export function applicationCalls(parts: GateParts): ApplicationCalls {
  const { store, ring, replica, clock, emit } = parts
  return {
    keys: {
      list: ring.list,
      async rotate() {
        const outcome = await ring.rotate()
        if (outcome.kind === 'unavailable') throw new UnavailableError()
        if (outcome.kind === 'given')
          throw new ConfigError('access.keys', 'left out where keys are to rotate')
        return outcome.key
      },
      async compromise(kid) {
        replica.add({ kind: 'key', kid })
        // Another key signs before the tokens of this one are refused, so that nobody is without one.
        const [taken, revoked] = [
          await ring.compromise(kid),
          await store.revocations.revoke({ kind: 'key', kid }, clock.now()),
        ]
        if (taken.kind === 'unavailable' || revoked.kind === 'unavailable') throw new UnavailableError()
      },
    },
    sessions: {
      async list(subject) {
        const { lifetimes } = parts.sessions
        const outcome = await store.sessions.list({ tag: tagOf(subject), at: clock.now(), lifetimes })
        if (outcome.kind === 'unavailable') throw new UnavailableError()
        return outcome.sessions
      },
      async revoke(sid, reason = 'revoked_by_application') {
        const outcome = await store.sessions.end({ id: sid, at: clock.now(), evenIfAbsent: true })
        if (outcome.kind === 'unavailable') throw new UnavailableError()
        replica.add({ kind: 'session', session: sid })
        emit({ event: 'session.ended', outcome: 'success', reason, sid })
        return outcome.kind === 'ended'
      },
    },
    async revokeUser(subject, reason = 'revoked_by_application') {
      const outcome = await endSubject(parts, subject)
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      for (const sid of outcome.sessions)
        emit({ event: 'session.ended', outcome: 'success', reason, sub: subject, sid })
    },
    async revokeToken(jti, reason = 'revoked_by_application') {
      const outcome = await store.revocations.revoke({ kind: 'token', jti }, clock.now())
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      replica.add({ kind: 'token', jti })
      emit({ event: 'token.revoked', outcome: 'success', reason, jti })
    },
  }
}
