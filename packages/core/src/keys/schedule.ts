import { REVOCATION_RETENTION_MS } from '../ports/revocations.ts'

/** How long caches may keep the JWK Set. */
export const JWKS_MAX_AGE_SECONDS = 300
/** How long a key is published before it signs: until every cached JWK Set contains it, and a minute longer. */
export const PUBLISHED_BEFORE_MS: number = (JWKS_MAX_AGE_SECONDS + 60) * 1000

/**
 * The state of a key. `pending`: it is published but does not sign yet. `active`: it signs. `retiring`: it only
 * verifies what it has signed. `gone`: the last token that it signed has expired.
 */
export type KeyState = 'pending' | 'active' | 'retiring' | 'gone'

export interface Scheduled {
  readonly kid: string
  /** When the key starts to sign. Milliseconds since the epoch. */
  readonly signsFrom: number
}

export interface KeyWithState<Key> {
  readonly key: Key
  readonly state: KeyState
}

export interface Schedule<Key> {
  /** Keys that start to sign later come first. */
  readonly keys: readonly KeyWithState<Key>[]
  /** When a state changes next. Milliseconds since the epoch; `Infinity` if none does. */
  readonly until: number
}

/**
 * The state of each key at an instant. It depends only on when each key starts to sign, so all nodes that know the same
 * keys agree on their states.
 */
export function scheduleAt<Key extends Scheduled>(keys: Iterable<Key>, now: number): Schedule<Key> {
  const latestFirst = [...keys].sort((a, b) => b.signsFrom - a.signsFrom || (a.kid < b.kid ? -1 : 1))
  const withStates: KeyWithState<Key>[] = []
  let until = Number.POSITIVE_INFINITY
  let successor: Key | undefined
  for (const key of latestFirst) {
    const goneAt = (successor?.signsFrom ?? Number.POSITIVE_INFINITY) + REVOCATION_RETENTION_MS
    const state = stateOf(key, successor, goneAt, now)
    withStates.push({ key, state })
    if (state === 'pending') until = Math.min(until, key.signsFrom)
    else {
      if (state === 'retiring') until = Math.min(until, goneAt)
      successor = key
    }
  }
  return { keys: withStates, until }
}

function stateOf(key: Scheduled, successor: Scheduled | undefined, goneAt: number, now: number): KeyState {
  if (key.signsFrom > now) return 'pending'
  if (successor === undefined) return 'active'
  return now < goneAt ? 'retiring' : 'gone'
}
