import type { RetryKey } from '../../packages/core/src/ports/session.ts'
import type { judgeRotation, RotationState } from '../../packages/core/src/sessions/rotate.ts'

export type Rule = typeof judgeRotation

/** What does not change in a history. */
export interface Setting {
  readonly graceMs: number
  /** Whether the client sends keys, and if so, whether it sent one with the sign-in already. */
  readonly client: 'keyed' | 'keyed after sign-in' | 'keyless'
  /** `spaced`: each refresh comes when the grace of the one before it is over. */
  readonly pace: 'any' | 'spaced'
}

/** A session, whoever has tokens of it, and what really happened. Instants count from the last rotation. */
export interface World {
  /** What the server knows. Its generation is the current one. */
  readonly record: RotationState
  readonly truth: Truth
  readonly client: Client
  /** Absent until somebody steals the cookie. */
  readonly thief?: Thief
  /** Numbers the keys. */
  readonly nextKey: number
}

/** What the claims are judged by. The test notes it by itself, since a wrong rule may note something else. */
export interface Truth {
  /** The token that the current one was exchanged for. */
  readonly parent: number
  /** The key of the request that made the current generation. */
  readonly maker: RetryKey | undefined
  readonly keyed: boolean
  /** An access token of the current generation was used at this deployment. */
  readonly seen: boolean
  /** The last rotation is longer ago than the grace. */
  readonly late: boolean
}

/** A browser with two tabs, which share the cookie and the key of an attempt. Only the second tab's answers are slow. */
export interface Client {
  readonly cookie: number
  /** The key of the attempt that has no answer yet, if the client sends keys. */
  readonly key?: RetryKey
  readonly secondTab: SecondTab
  /** It did all that is asked of a client. It is not careful if it loses a key, or lets a keyless request travel long. */
  readonly careful: boolean
  /** A generation later than the stolen one was accepted from it, at a time without a grace. */
  readonly wentOn: boolean
}

export type SecondTab =
  | { readonly kind: 'idle' }
  | { readonly kind: 'sent'; readonly token: number; readonly key?: RetryKey }
  | { readonly kind: 'answered'; readonly token: number; readonly answer: number }

export interface Thief {
  readonly stolen: number
  /** The stolen token, and all that he got since. */
  readonly tokens: readonly number[]
  readonly refreshed: boolean
  /** A generation later than the stolen one was accepted from him, at a time without a grace. */
  readonly wentOn: boolean
}

export const IDLE: SecondTab = { kind: 'idle' }

/** The thief uses one key for all his requests, which finds more than a new one for each. */
export const THIEFS_KEY: RetryKey = keyOf(0, true)

export function keyOf(number: number, sent: boolean): RetryKey {
  return { bytes: Uint8Array.of(number), sent }
}

export function isSameKey(one: RetryKey | undefined, other: RetryKey | undefined): boolean {
  if (one === undefined || other === undefined) return false
  return one.sent === other.sent && one.bytes[0] === other.bytes[0]
}

/** What the server takes for the key of a request that has none. In strict mode, it makes one for each attempt. */
export function keyForNone({ graceMs }: Setting, { nextKey }: World): RetryKey | undefined {
  return graceMs === 0 ? keyOf(nextKey, false) : undefined
}

export function signedIn({ client, pace }: Setting): World {
  const keyed = client === 'keyed'
  return {
    record: {
      ...{ generation: 1, base: 0, keyed, confirmed: false, converged: 0 },
      ...{ createdAt: 0, rotatedAt: 0, client: '', transport: 'cookie' },
      binding: { cells: new Uint8Array(), version: 0 },
    },
    truth: { parent: 0, maker: undefined, keyed, seen: false, late: pace === 'spaced' },
    client: { cookie: 1, secondTab: IDLE, careful: true, wentOn: false },
    nextKey: 1,
  }
}

/**
 * The same number for worlds that have the same future, if the rule tells generations and keys apart only by whether
 * they are the same, earlier or later.
 */
export function nameOf({ record, truth, client, thief }: World): number {
  const { secondTab } = client

  const ageOf = (token: number): number => {
    if (token === record.generation) return 0
    if (token === truth.parent) return 1
    return token === record.base ? 2 : 3
  }
  const makerOf = (): number => {
    if (truth.maker === undefined) return 0
    if (!truth.maker.sent) return 1
    if (isSameKey(truth.maker, THIEFS_KEY)) return 2
    if (isSameKey(truth.maker, client.key)) return 3
    return secondTab.kind === 'sent' && isSameKey(truth.maker, secondTab.key) ? 4 : 5
  }

  let name = 0
  const add = (value: number): void => {
    name = name * 4 + value
  }
  const addBits = (high: boolean, low: boolean): void => add(Number(high) * 2 + Number(low))

  add(makerOf() >> 2)
  add(makerOf() & 3)
  addBits(truth.keyed, record.keyed)
  addBits(truth.seen, record.confirmed)
  addBits(truth.late, record.base === truth.parent)
  add(ageOf(client.cookie))
  addBits(client.key !== undefined, client.careful)
  addBits(client.wentOn, thief?.wentOn === true)
  add(secondTab.kind === 'idle' ? 0 : secondTab.kind === 'sent' ? 1 : 2)
  if (secondTab.kind !== 'idle') {
    add(ageOf(secondTab.token))
    addBits(
      secondTab.token === client.cookie,
      secondTab.kind === 'sent' && isSameKey(secondTab.key, client.key),
    )
    add(secondTab.kind === 'answered' ? ageOf(secondTab.answer) : 0)
  }
  addBits(thief !== undefined, thief?.refreshed === true)
  if (thief !== undefined) {
    const ages = new Set(thief.tokens.map(ageOf))
    addBits(ages.has(0), ages.has(1))
    addBits(ages.has(2), ages.has(3))
    addBits(record.generation > thief.stolen, truth.parent > thief.stolen)
  }
  return name
}
