import { compareDevices, consequenceOf } from '../binding/drift.ts'
import { hasExpired, type Living } from '../ports/lifetimes.ts'
import type { BoundKey, DeviceBinding, RetryKey, Transport } from '../ports/session.ts'
import type { Rotation } from '../ports/steps/rotating.ts'
import { isUnproven } from './bound-keys/unproven.ts'

/** The part of a session's record that decides about a presented refresh token. */
export interface RotationState extends Living {
  readonly generation: number
  /** The last generation that was presented while it was the current one; 0 if none was. */
  readonly base: number
  /** The attempt that made the current generation; absent if it was made by a sign-in or by the application. */
  readonly key?: RetryKey | undefined
  /** Whether the sign-in or any refresh had a key that the client sent. */
  readonly keyed: boolean
  /** Whether the current generation was seen in use. */
  readonly confirmed: boolean
  /** How often the current generation was handed to a holder of the previous token. */
  readonly converged: number
  readonly client: string
  readonly transport: Transport
  readonly binding: DeviceBinding
  readonly boundKey?: BoundKey | undefined
}

/**
 * The current window in which a subject's refreshes are counted. A subject without one has `{ endsAt: 0, count: 0 }`.
 */
export interface RefreshWindow {
  /** Milliseconds since the epoch. */
  readonly endsAt: number
  readonly count: number
}

/** How a session continues with its next generation. */
interface Continuation {
  readonly generation: number
  readonly base: number
  readonly keyed: boolean
  readonly drift: number
  readonly binding: DeviceBinding
  readonly window: RefreshWindow
}

/** What a store must do with the session. Kinds other than `rotate`, `contest` and `converge` refuse the token. */
export type RotationVerdict =
  /**
   * Write what the verdict has, the presented key and the address; reset `confirmed` and `converged`; set `rotatedAt`.
   */
  | (Continuation & { readonly kind: 'rotate'; readonly rolledBack: boolean })
  /** Do the same, and revoke the generation that was the current one. */
  | (Continuation & { readonly kind: 'contest' })
  /** Write `converged`, which counts this answer, too. */
  | { readonly kind: 'converge'; readonly converged: number; readonly drift: number }
  /** End and revoke the session. */
  | { readonly kind: 'reuse'; readonly rolledBack: boolean }
  /** The same. */
  | { readonly kind: 'mismatch'; readonly drift: number }
  /** Change nothing, as with the next three. */
  | { readonly kind: 'challenge'; readonly drift: number }
  | { readonly kind: 'limited'; readonly retryAfterMs: number }
  | { readonly kind: 'wrong_client' | 'unproven' }
  /** Drop the session. */
  | { readonly kind: 'expired' }

const RETRY_CONVERGED_MS = 1000
/** So many generations in a row may be contested; nobody honest loses so many answers. */
const MAX_SKIPPED = 65_535

/**
 * The complete rule of rotation, including the limits: what happens to a session when a refresh token that was once
 * issued for it is presented. A pure function; the store reads the state, asks for the verdict and carries it out in
 * one atomic step.
 *
 * The token before the current one is presented again when an answer was lost, when tabs race, or when it was stolen.
 * With the key of the attempt that it was exchanged in, it converges on the current one, however late. Without that key
 * it does so within the grace, unless the session is a keyed one, whose client would have sent the key. After that, it is
 * theft if the current generation has reached somebody: one that was made with a key, or that was seen in use. If nobody
 * is known to have it, the refresh is contested: the session continues one generation later, and the generation that it
 * skips is burnt, so whoever else holds that is found out. Every older token, and every burnt one, is theft.
 *
 * Without the key to which the session is bound, nothing happens. Another device ends the session, whatever it presents. One that must step up is challenged where it would have got tokens.
 *
 * A generation ahead of the record proves that the store lost writes. The presented token is then the newest one, and
 * the session continues from it. Strict mode, which has no grace, trusts nothing and ends the session.
 *
 * A store whose atomic step runs in another language repeats this rule there, as `rotate.lua` does. The same contract
 * tests check every store.
 *
 * @example
 * ```ts
 * import { judgeRotation, type RefreshWindow, type Rotation, type RotationState } from '@sallyport/core/store'
 *
 * // In one transaction, for a session that the store knows:
 * function rotate(record: RotationState, refreshes: RefreshWindow, rotation: Rotation) {
 *   const verdict = judgeRotation(record, refreshes, rotation)
 *   switch (verdict.kind) {
 *     case 'rotate': {
 *       const { kind, drift, rolledBack, ...next } = verdict
 *       return { ...next, key: rotation.key, rotatedAt: rotation.at, confirmed: false, converged: 0 }
 *     }
 *     case 'contest': {
 *       const { kind, drift, ...next } = verdict
 *       const burnt = { kind: 'generation', session: rotation.id, generation: record.generation }
 *       return { ...next, key: rotation.key, rotatedAt: rotation.at, confirmed: false, converged: 0, burnt }
 *     }
 *     case 'converge':
 *       return { converged: verdict.converged }
 *     case 'reuse':
 *     case 'mismatch':
 *       return 'end and revoke the session'
 *     case 'expired':
 *       return 'drop the session'
 *     default: // challenge, limited, wrong_client, unproven
 *       return 'change nothing'
 *   }
 * }
 * ```
 */
export function judgeRotation(
  state: RotationState,
  window: RefreshWindow,
  presented: Rotation,
): RotationVerdict {
  if (hasExpired(state, presented.at, presented.lifetimes)) return { kind: 'expired' }
  if (presented.transport !== state.transport) return { kind: 'wrong_client' }
  if (presented.client !== undefined && presented.client !== state.client) return { kind: 'wrong_client' }
  if (isUnproven(state, presented.keyProof, presented.at)) return { kind: 'unproven' }

  const { drift, binding } = compareDevices(state.binding, presented.bindings)
  const consequence = consequenceOf(drift, presented.driftRule)
  if (consequence === 'end') return { kind: 'mismatch', drift }

  const keyed = state.keyed || presented.key?.sent === true

  /** Goes on from `base`, unless there are too many refreshes. */
  const goOn = (kind: 'rotate' | 'contest', generation: number, base: number): RotationVerdict => {
    if (consequence === 'step_up') return { kind: 'challenge', drift }
    const counted = nextWindow(window, presented)
    if (counted.count > presented.refreshLimit.count)
      return { kind: 'limited', retryAfterMs: counted.endsAt - presented.at }
    // Written out: to spread a constant into the verdict took most of the time of a rotation in memory.
    if (kind === 'contest') return { kind, generation, base, keyed, drift, binding, window: counted }
    const rolledBack = generation > state.generation + 1
    return { kind, rolledBack, generation, base, keyed, drift, binding, window: counted }
  }

  const { generation } = presented
  if (generation > state.generation && presented.graceMs === 0) return { kind: 'reuse', rolledBack: true }
  if (generation >= state.generation) return goOn('rotate', generation + 1, generation)
  if (generation !== state.base) return { kind: 'reuse', rolledBack: false }

  const converge = (): RotationVerdict => {
    if (consequence === 'step_up') return { kind: 'challenge', drift }
    const isOver = presented.convergedLimit > 0 && state.converged >= presented.convergedLimit
    if (isOver) return { kind: 'limited', retryAfterMs: RETRY_CONVERGED_MS }
    return { kind: 'converge', converged: state.converged + 1, drift }
  }

  if (isSameKey(state.key, presented.key)) return converge()
  const isRacing = presented.graceMs > 0 && presented.at - state.rotatedAt <= presented.graceMs
  if (isRacing && !keyed) return converge()
  const isSpent = state.generation - state.base >= MAX_SKIPPED
  if (presented.graceMs === 0 || state.confirmed || state.key?.sent || isSpent)
    return { kind: 'reuse', rolledBack: false }
  return goOn('contest', state.generation + 1, state.base)
}

function isSameKey(one: RetryKey | undefined, other: RetryKey | undefined): boolean {
  if (one === undefined || other === undefined || one.sent !== other.sent) return false
  return Buffer.compare(one.bytes, other.bytes) === 0
}

/** The window after this refresh, which ends with a whole second. Without a limit, refreshes are not counted. */
function nextWindow(window: RefreshWindow, { at, refreshLimit }: Rotation): RefreshWindow {
  if (refreshLimit.count === 0) return { endsAt: window.endsAt, count: 0 }
  return at >= window.endsAt
    ? { endsAt: Math.ceil((at + refreshLimit.windowMs) / 1000) * 1000, count: 1 }
    : { endsAt: window.endsAt, count: window.count + 1 }
}
