import type { EventName, SallyportEvent } from '@sallyport/core/sink'

/** How grave an event is: routine, worth a look if it repeats, or worth a look at once. */
export type Gravity = 'none' | 'low' | 'high'

export interface Meaning {
  /** For people. */
  readonly title: string
  readonly gravity: Gravity
}

const MEANINGS: Readonly<Record<EventName, Meaning>> = {
  'session.started': { title: 'A user signed in', gravity: 'none' },
  'session.bound': { title: 'A session was bound to a key of its browser', gravity: 'none' },
  'session.refreshed': { title: 'A session got new tokens', gravity: 'none' },
  'session.ended': { title: 'A session ended', gravity: 'none' },
  'login.failed': { title: 'A sign-in failed', gravity: 'low' },
  'account.locked': { title: 'An account or a network was locked', gravity: 'high' },
  'refresh.reused': { title: 'A refresh token was used again: it was stolen', gravity: 'high' },
  'refresh.mismatched': { title: 'A refresh came from another device', gravity: 'high' },
  'refresh.contested': { title: 'The answer to a refresh was lost or stolen', gravity: 'low' },
  'device.changed': { title: 'The device of a session changed', gravity: 'low' },
  'request.refused': {
    title: 'A request was refused for where it came from, or what it did not show',
    gravity: 'low',
  },
  'token.issued': { title: 'A page got an access token', gravity: 'none' },
  'token.accepted': { title: 'A token was used', gravity: 'none' },
  'token.refused': { title: 'A token was refused', gravity: 'low' },
  'policy.permitted': { title: 'A request was permitted by a policy', gravity: 'none' },
  'policy.denied': { title: 'A request was denied by policies', gravity: 'low' },
  'token.revoked': { title: 'Tokens were revoked', gravity: 'none' },
  'password.changed': { title: 'A password was changed', gravity: 'none' },
  'stepup.granted': { title: 'A user proved anew who they are', gravity: 'none' },
  'apikey.created': { title: 'An API key was made', gravity: 'low' },
  'apikey.revoked': { title: 'An API key was revoked', gravity: 'none' },
  'alert.raised': { title: 'An anomaly was found', gravity: 'high' },
  'key.rotated': { title: 'A new signing key was made', gravity: 'none' },
  'key.compromised': { title: 'A signing key was taken out of use', gravity: 'high' },
  'decision.degraded': {
    title: 'A request was judged without the store, or without its policies',
    gravity: 'low',
  },
  'delivery.failed': { title: 'Another service was not told', gravity: 'low' },
  'store.rollback': { title: 'The store lost writes', gravity: 'high' },
}

/** What an event says, for formats that ask for it in words or by degree. */
export function meaningOf(event: SallyportEvent): Meaning {
  return lookUp(MEANINGS, event.event) ?? { title: nameOf(event), gravity: 'low' }
}

/** An application without types may leave the name out, or give something else. */
export function nameOf({ event }: SallyportEvent): string {
  return typeof event === 'string' ? event : 'unknown'
}

/** An application without types may emit events with names of its own. */
export function lookUp<Value>(table: Readonly<Record<EventName, Value>>, name: EventName): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}
