import { choices } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Revocation } from '../ports/revocations.ts'
import { printable } from '../printable.ts'
import type { Caller, Callers } from '../seam/caller.ts'
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
 * Adds to an event its time, who caused it, and the id of a request if it has none; cleans its strings, and passes it to
 * the listeners.
 *
 * @param caller who caused it, such as `gateOf(sallyport).callers.of(view)`. Default: what the event itself says
 */
export type Emit = (event: EventToTell, caller?: Caller) => void

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

type Writable<T> = { -readonly [Name in keyof T]: T[Name] }

/** Cleans every string, including those of members that an application adds. */
function clean(event: Writable<SallyportEvent>): void {
  // An application without types may add members of its own, which no type lists.
  const members = event as unknown as Record<string, unknown>
  for (const name in members) {
    const value = members[name]
    const text = typeof value === 'string' ? printable(value, MAX_CHARS) : value
    if (text !== value) members[name] = text
  }
}

export function createEvents(clock: Clock, callers: Pick<Callers, 'unknown'>, callbacks: Callbacks): Events {
  const listeners: { [Name in keyof EventMap]: Set<(event: EventMap[Name]) => void> } = {
    event: new Set(),
    revoked: new Set(),
  }

  let writtenAt = Number.NaN
  let written = ''

  /** Many events happen in the same millisecond, and formatting the time costs more than the rest. */
  function timeNow(): string {
    const now = clock.now()
    if (now !== writtenAt) {
      writtenAt = now
      written = new Date(now).toISOString()
    }
    return written
  }

  return {
    emit(event, caller) {
      if (listeners.event.size === 0) return
      // The time comes first, for whoever reads it, and is written last: an application without types may give its own.
      const complete: Writable<SallyportEvent> = { time: '', request_id: '', ...event }
      clean(complete)
      complete.time = timeNow()
      complete.request_id ||= (caller ?? callers.unknown()).request_id
      // A caller's strings are clean.
      const { ip, user_agent } = caller ?? {}
      if (ip !== undefined) complete.ip = ip
      if (user_agent !== undefined) complete.user_agent = user_agent
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
