import { REVOCATION_RETENTION_MS } from '../ports/revocations.ts'

/** Seconds for which anybody may keep the JWK Set. */
export const JWKS_MAX_AGE_SECONDS = 300
/** How long a key is published before it signs: every copy of the set has it by then, and a minute to spare. */
export const PUBLISHED_BEFORE_MS: number = (JWKS_MAX_AGE_SECONDS + 60) * 1000

/**
 * Where a key stands. `pending`: published, not yet signing. `active`: signs. `retiring`: verifies what it
 * signed. `gone`: the last token that it signed is dead.
 */
export type KeyState = 'pending' | 'active' | 'retiring' | 'gone'

export interface Scheduled {
  readonly kid: string
  /** Milliseconds since the epoch. */
  readonly signsFrom: number
}

export interface KeyWithState<Key> {
  readonly key: Key
  readonly state: KeyState
}

export interface Schedule<Key> {
  /** Those that sign later first. */
  readonly keys: readonly KeyWithState<Key>[]
  /** When a state changes next; `Infinity` for never. */
  readonly until: number
}

/**
 * The state of each key at an instant, which follows from when each of them begins to sign: so all nodes
 * that know the same keys agree, whatever they were doing meanwhile.
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
