import type { Clock } from '../ports/clock.ts'
import type { Revocation } from '../ports/revocations.ts'

export type EventName =
  | 'session.started'
  | 'session.refreshed'
  | 'session.ended'
  | 'login.failed'
  | 'refresh.reused'
  | 'refresh.mismatched'
  | 'token.refused'
  | 'token.revoked'
  | 'password.changed'
  | 'key.rotated'
  | 'key.compromised'
  | 'decision.degraded'
  | 'store.rollback'

/** Something that happened, in the form of the audit trail. Contains no token, cookie, password or user name. */
export interface SallyportEvent {
  /** ISO 8601, UTC. */
  readonly time: string
  readonly event: EventName
  readonly outcome: 'success' | 'failure'
  readonly sub?: string
  readonly sid?: string
  readonly jti?: string
  readonly kid?: string
  readonly client_id?: string
  readonly ip?: string
  readonly user_agent?: string
  /** Why it happened, as a code. */
  readonly reason?: string
}

export interface EventMap {
  /** Every event, for the audit trail. */
  readonly event: SallyportEvent
  /** A revocation became known to this process, wherever it was made. */
  readonly revoked: Revocation
}

/** Adds the time to an event and passes it to the listeners. */
export type Emit = (event: Omit<SallyportEvent, 'time'>) => void

export interface Events {
  emit: Emit
  /** Passes a revocation to the listeners. */
  revoked(revocation: Revocation): void
  /**
   * Adds a listener, and returns a function that removes it. If a listener throws, this is reported, and neither the
   * other listeners nor the request are affected.
   */
  on<Name extends keyof EventMap>(name: Name, listener: (event: EventMap[Name]) => void): () => void
}

export function createEvents(clock: Clock, notice: (message: string) => void): Events {
  const listeners: { [Name in keyof EventMap]: Set<(event: EventMap[Name]) => void> } = {
    event: new Set(),
    revoked: new Set(),
  }

  function dispatch<T>(event: T, receivers: ReadonlySet<(event: T) => void>): void {
    for (const listener of receivers) {
      try {
        listener(event)
      } catch (cause) {
        notice(
          `an event listener threw ${cause instanceof Error ? cause.name : 'something'}: catch its errors in the listener`,
        )
      }
    }
  }

  return {
    emit(event) {
      if (listeners.event.size === 0) return
      dispatch({ time: new Date(clock.now()).toISOString(), ...event }, listeners.event)
    },
    revoked: (revocation) => dispatch(revocation, listeners.revoked),
    on(name, listener) {
      listeners[name].add(listener)
      return () => listeners[name].delete(listener)
    },
  }
}
