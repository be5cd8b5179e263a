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
 * Adds to an event its time, who caused it, and the id of a request if it has none; cleans its strings, freezes it, and
 * passes it to the listeners.
 *
 * @param caller who caused it, such as `gateOf(sallyport).callers.of(view)`. Default: what the event itself says
 */
export type Emit = (event: EventToTell, caller?: Caller) => void

export interface Events {
  emit: Emit
  /**
   * Emits an event within 500 ms, with the time of this moment, and before any event that is emitted later. This is for
   * what so few requests cause that the code for it is out of the processor's caches each time: many at once cost less.
   *
   * @param event makes the event then
   */
  emitSoon(event: () => EventToTell, caller: Caller): void
  /** Emits now what was to be emitted soon. */
  emitWaiting(): void
  /** Passes a revocation to the listeners. */
  revoked(revocation: Revocation): void
  /**
   * Adds a listener, and returns a function that removes it. If a listener throws, this is reported, and neither the
   * other listeners nor the request are affected.
   */
  on<Name extends keyof EventMap>(name: Name, listener: (event: EventMap[Name]) => void): () => void
}

interface Waiting {
  readonly at: number
  readonly event: () => EventToTell
  readonly caller: Caller
}

const MAX_CHARS = 255
const SOON_MS = 500
/** More are not kept, with the requests that they are about: they are emitted then. */
const MOST_WAITING = 1000

type Members = Record<string, unknown>

/** The members that the library reads. An application without types may give them as anything. */
const TEXTS: readonly string[] = [
  ...['event', 'outcome', 'sub', 'sid', 'jti', 'kid', 'client_id', 'ip', 'previous_ip', 'user_agent'],
  ...['reason', 'changed', 'request_id', 'action', 'resource', 'resource_id', 'policy', 'decision_id'],
]
const ADDRESSES: readonly string[] = ['ip', 'previous_ip']

/** Makes texts of the members that are read, and cleans every string, also of members that an application adds. */
function clean(members: Members): void {
  for (const name in members) {
    const value = members[name]
    const text = typeof value !== 'string' && TEXTS.includes(name) ? textOf(value) : value
    if (text === undefined) delete members[name]
    else members[name] = typeof text === 'string' ? printable(text, MAX_CHARS) : text
  }
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  try {
    return String(value)
  } catch {
    return undefined
  }
}

export function createEvents(
  clock: Clock,
  callers: Pick<Callers, 'unknown' | 'addressOf'>,
  callbacks: Callbacks,
): Events {
  const listeners: { [Name in keyof EventMap]: Set<(event: EventMap[Name]) => void> } = {
    event: new Set(),
    revoked: new Set(),
  }

  let writtenAt = Number.NaN
  let written = ''

  /** Many events happen in the same millisecond, and formatting the time costs more than the rest. */
  function timeAt(at: number): string {
    if (at !== writtenAt) {
      writtenAt = at
      written = new Date(at).toISOString()
    }
    return written
  }

  let waiting: Waiting[] = []
  let timer: NodeJS.Timeout | undefined

  function emitWaiting(): void {
    if (timer === undefined) return
    clearTimeout(timer)
    timer = undefined
    const all = waiting
    waiting = []
    for (const { at, event, caller } of all) tell(at, event(), caller)
  }

  function tell(at: number, event: EventToTell, caller: Caller | undefined): void {
    // The time comes first, for whoever reads it, and is written last: an application without types may give its own.
    const members: Members = { time: '', request_id: '', ...event }
    clean(members)
    for (const name of ADDRESSES) {
      const address = members[name]
      if (typeof address === 'string') members[name] = callers.addressOf(address) ?? address
    }
    members.time = timeAt(at)
    members.request_id ||= (caller ?? callers.unknown()).request_id
    // A caller's strings are clean.
    const { ip, user_agent } = caller ?? {}
    if (ip !== undefined) members.ip = ip
    if (user_agent !== undefined) members.user_agent = user_agent
    // All listeners share it.
    const complete = Object.freeze(members) as unknown as SallyportEvent
    for (const listener of listeners.event) listener(complete)
  }

  return {
    emit(event, caller) {
      emitWaiting()
      if (listeners.event.size > 0) tell(clock.now(), event, caller)
    },
    emitSoon(event, caller) {
      if (listeners.event.size === 0) return
      waiting.push({ at: clock.now(), event, caller })
      if (waiting.length >= MOST_WAITING) emitWaiting()
      else timer ??= setTimeout(emitWaiting, SOON_MS).unref()
    },
    emitWaiting,
    revoked(revocation) {
      for (const listener of listeners.revoked) listener(revocation)
    },
    on(name, listener) {
      if (!Object.hasOwn(listeners, name))
        throw new TypeError(
          `on: unknown event "${name}"${choices(name, Object.keys(listeners))}; what the guide calls an event, such as "session.ended", is told to listeners of "event"`,
        )
      const guarded = callbacks.guarded(`a listener of "${name}"`, listener)
      listeners[name].add(guarded)
      return () => listeners[name].delete(guarded)
    },
  }
}
