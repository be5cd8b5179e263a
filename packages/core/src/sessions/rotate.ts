import {
  type DeviceBinding,
  hasExpired,
  type Rotation,
  type Session,
  type Transport,
  VERSION_FELL,
} from '../ports/sessions.ts'

/** What of a session decides about a presented refresh token. */
export interface RotationState {
  readonly generation: number
  /** The current generation was seen in use. */
  readonly confirmed: boolean
  readonly createdAt: number
  readonly rotatedAt: number
  /** Answers that the current generation gave to holders of the previous token. */
  readonly converged: number
  readonly client: string
  readonly transport: Transport
  readonly binding: DeviceBinding
}

/** The running window in which a subject's refreshes are counted. */
export interface RefreshWindow {
  readonly endsAt: number
  readonly count: number
}

export type RotationVerdict =
  | {
      readonly kind: 'rotate'
      readonly generation: number
      readonly rolledBack: boolean
      readonly drift: number
      readonly binding: DeviceBinding
      readonly window: RefreshWindow
    }
  /** `converged` counts this answer too. */
  | { readonly kind: 'converge'; readonly converged: number }
  | { readonly kind: 'reuse'; readonly rolledBack: boolean }
  | { readonly kind: 'mismatch'; readonly drift: number }
  | { readonly kind: 'limited'; readonly retryAfterMs: number }
  | { readonly kind: 'wrong_client' }
  | { readonly kind: 'expired' }

const RETRY_CONVERGED_MS = 1000

/**
 * The whole rule of rotation, limits included: what becomes of a session when a refresh token is presented that was
 * once issued for it. Pure; a store carries the verdict out in the same atomic step.
 *
 * The previous token converges on the current one while its successor was never seen in use (its answer may have
 * been lost) or within the grace (tabs race). Any other earlier token was used by two parties. Which of them is
 * honest cannot be told, so it is reuse.
 *
 * A generation ahead of the record proves that the store lost writes. The presented token is then the true one, and
 * the line goes on from it. Strict mode, which trusts nothing, ends the session.
 *
 * Stores with a language of their own mirror this in it (`rotate.lua`); one contract checks both.
 */
export function judgeRotation(
  state: RotationState,
  window: RefreshWindow,
  presented: Rotation,
): RotationVerdict {
  if (hasExpired(state, presented.at, presented.lifetimes)) return { kind: 'expired' }
  if (presented.transport !== state.transport) return { kind: 'wrong_client' }
  if (presented.client !== undefined && presented.client !== state.client) return { kind: 'wrong_client' }

  const cells = driftOf(state.binding, presented.bindings)
  const drift = cells | (versionFell(state.binding, presented.bindings) ? VERSION_FELL : 0)
  if ((drift & presented.enforced) !== 0) return { kind: 'mismatch', drift }

  const rotateTo = (generation: number, rolledBack: boolean): RotationVerdict => {
    const next = nextWindow(window, presented)
    if (next.count > presented.refreshLimit.count)
      return { kind: 'limited', retryAfterMs: next.endsAt - presented.at }
    const binding = rebind(state.binding, presented.bindings, cells)
    return { kind: 'rotate', generation, rolledBack, drift, binding, window: next }
  }

  if (presented.generation === state.generation) return rotateTo(state.generation + 1, false)
  if (presented.generation > state.generation) {
    const strict = !presented.recoverLost && presented.graceMs === 0
    return strict ? { kind: 'reuse', rolledBack: true } : rotateTo(presented.generation + 1, true)
  }
  if (presented.generation === state.generation - 1) {
    const lost = presented.recoverLost && !state.confirmed
    const racing = presented.graceMs > 0 && presented.at - state.rotatedAt <= presented.graceMs
    if (lost || racing) return converge(state, presented)
  }
  return { kind: 'reuse', rolledBack: false }
}

function converge({ converged }: RotationState, { convergedLimit }: Rotation): RotationVerdict {
  return convergedLimit > 0 && converged >= convergedLimit
    ? { kind: 'limited', retryAfterMs: RETRY_CONVERGED_MS }
    : { kind: 'converge', converged: converged + 1 }
}

/** The window with this refresh counted. Without a limit nothing is counted. */
function nextWindow(window: RefreshWindow, { at, refreshLimit }: Rotation): RefreshWindow {
  if (refreshLimit.count === 0) return { endsAt: window.endsAt, count: 0 }
  return at >= window.endsAt
    ? { endsAt: at + refreshLimit.windowMs, count: 1 }
    : { endsAt: window.endsAt, count: window.count + 1 }
}

/** Of a subject's live sessions, those that must end before another one opens: the ones refreshed longest ago. */
export function sessionsToEnd<S extends Pick<Session, 'rotatedAt'>>(
  live: readonly S[],
  sessionLimit: number,
): readonly S[] {
  if (sessionLimit === 0) return []
  const longestAgoFirst = [...live].sort((a, b) => a.rotatedAt - b.rotatedAt)
  return longestAgoFirst.slice(0, Math.max(0, live.length - sessionLimit + 1))
}

/** A device that fits is hashed under the current secret from now on. One that drifted stays what it was. */
function rebind(bound: DeviceBinding, candidates: readonly DeviceBinding[], drift: number): DeviceBinding {
  const [current = bound] = candidates
  return {
    cells: drift === 0 ? current.cells : bound.cells,
    version: Math.max(bound.version, current.version),
  }
}

function versionFell(bound: DeviceBinding, candidates: readonly DeviceBinding[]): boolean {
  const version = candidates[0]?.version ?? 0
  return version !== 0 && version < bound.version
}

/**
 * Which cells differ, as bits, from the candidate that differs least. The device is hashed under each secret in
 * force, and the session was bound under one of them.
 */
function driftOf(bound: DeviceBinding, candidates: readonly DeviceBinding[]): number {
  let least = -1
  for (const candidate of candidates) {
    const drift = differingCells(bound.cells, candidate.cells)
    if (drift === 0) return 0
    if (least === -1 || bitCount(drift) < bitCount(least)) least = drift
  }
  return least
}

function differingCells(bound: Uint8Array, presented: Uint8Array): number {
  let bits = 0
  for (let cell = 0; cell * 4 < Math.max(bound.length, presented.length); cell++)
    for (let byte = cell * 4; byte < cell * 4 + 4; byte++)
      if (bound[byte] !== presented[byte]) bits |= 1 << cell
  return bits
}

function bitCount(bits: number): number {
  let count = 0
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++
  return count
}
