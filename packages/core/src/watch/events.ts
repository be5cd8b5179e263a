import { choices } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Revocation } from '../ports/revocations.ts'
import { printable } from '../printable.ts'
import type { Callers } from '../seam/caller.ts'
import type { Callbacks } from './callbacks.ts'
import type { EventToTell, SallyportEvent } from './event.ts'

export interface EventMap {
  /** Every event, for the audit trail. */
  readonly event: SallyportEvent
  /**
   * A revocation became known to this process, wherever it was made. Ids are as tokens have them, so that they can be
   * compared; before an id of another issuer stand that issuer and a space.
   */
  readonly revoked: Revocation
}

/**
 * Adds the time to an event, and the id of a request if it has none; cleans its strings, and passes it to the
 * listeners.
 */
export type Emit = (event: EventToTell) => void

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

export function createEvents(clock: Clock, callers: Pick<Callers, 'unknown'>, callbacks: Callbacks): Events {
  const listeners: { [Name in keyof EventMap]: Set<(event: EventMap[Name]) => void> } = {
    event: new Set(),
    revoked: new Set(),
  }

  return {
    emit(event) {
      if (listeners.event.size === 0) return
      const time = new Date(clock.now()).toISOString()
      // First, for whoever reads it, and last, since an application without types may give a time of its own.
      const clean = cleaned(event)
      const { request_id = callers.unknown().request_id } = clean
      const complete = Object.assign({ time }, clean, { time, request_id })
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
