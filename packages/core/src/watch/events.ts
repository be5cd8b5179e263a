import { choices } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Revocation } from '../ports/revocations.ts'
import { printable } from '../printable.ts'
import type { Callbacks } from './callbacks.ts'

export type EventName =
  | 'session.started'
  | 'session.refreshed'
  | 'session.ended'
  | 'login.failed'
  | 'refresh.reused'
  | 'refresh.mismatched'
  | 'refresh.contested'
  | 'request.refused'
  | 'token.refused'
  | 'token.revoked'
  | 'password.changed'
  | 'key.rotated'
  | 'key.compromised'
  | 'decision.degraded'
  | 'store.rollback'

/**
 * Something that happened, in the form of the audit trail. Contains no token, cookie, password or user name.
 *
 * Names may come from strangers, such as the `sub` of another issuer. A string has at most 255 characters, and a
 * question mark in place of each character that a viewer of a log might interpret: line breaks, terminal escapes,
 * controls of the writing direction.
 */
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
  /** Of `refresh.contested`: the address that the contested tokens had gone to. */
  readonly previous_ip?: string
  readonly user_agent?: string
  /** Why it happened, as a code. */
  readonly reason?: string
}

export interface EventMap {
  /** Every event, for the audit trail. */
  readonly event: SallyportEvent
  /**
   * A revocation became known to this process, wherever it was made. Ids are as tokens have them, so that they can be
   * compared; before an id of another issuer stand that issuer and a space.
   */
  readonly revoked: Revocation
}

/** Adds the time to an event, cleans its strings and passes it to the listeners. */
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

const MAX_CHARS = 255

/** Cleans every string, including those of members that an application adds. */
function cleaned<Event extends object>(event: Event): Event {
  let clean = event
  for (const [name, value] of Object.entries(event)) {
    const text = typeof value === 'string' ? printable(value, MAX_CHARS) : value
    if (text !== value) clean = { ...clean, [name]: text }
  }
  return clean
}

export function createEvents(clock: Clock, callbacks: Callbacks): Events {
  const listeners: { [Name in keyof EventMap]: Set<(event: EventMap[Name]) => void> } = {
    event: new Set(),
    revoked: new Set(),
  }

  return {
    emit(event) {
      if (listeners.event.size === 0) return
      const complete = { time: new Date(clock.now()).toISOString(), ...cleaned(event) }
      for (const listener of listeners.event) listener(complete)
    },
    revoked(revocation) {
      for (const listener of listeners.revoked) listener(revocation)
    },
    on(name, listener) {
      if (!Object.hasOwn(listeners, name))
        throw new TypeError(`on: unknown event "${name}"${choices(name, Object.keys(listeners))}`)
      const guarded = callbacks.guarded(`a listener of "${name}"`, listener)
      listeners[name].add(guarded)
      return () => listeners[name].delete(guarded)
    },
  }
}
