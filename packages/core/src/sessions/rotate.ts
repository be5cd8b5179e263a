import { type DeviceBinding, type Lifetimes, type Transport, VERSION_FELL } from '../ports/model.ts'
import type { Rotation } from '../ports/store.ts'

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

export type RotationVerdict =
  | {
      readonly kind: 'rotate'
      readonly generation: number
      readonly rolledBack: boolean
      readonly drift: number
      readonly binding: DeviceBinding
    }
  | { readonly kind: 'converge' }
  | { readonly kind: 'reuse'; readonly rolledBack: boolean }
  | { readonly kind: 'mismatch'; readonly drift: number }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'expired' }

/**
 * The rule of rotation, whole: what becomes of a session when a refresh token is presented that was
 * once issued for it. Pure; a store carries the verdict out in the same atomic step.
 *
 * The previous token converges on the current one while its successor was never seen in use (its
 * answer may have been lost on the way) or within the grace (tabs race). Any other earlier token was
 * used by two parties, and which of them is honest can't be told: reuse.
 *
 * A generation ahead of the record proves that the store lost writes. The presented token is then
 * the true one and the line goes on from it; strict mode, which trusts nothing, ends the session.
 *
 * Stores with a language of their own mirror this in it (`rotate.lua`); one contract checks both.
 */
export function judgeRotation(state: RotationState, presented: Rotation): RotationVerdict {
  if (hasExpired(state, presented.at, presented.lifetimes)) return { kind: 'expired' }
  if (presented.transport !== state.transport) return { kind: 'foreign' }
  if (presented.client !== undefined && presented.client !== state.client) return { kind: 'foreign' }

  const cells = driftOf(state.binding, presented.bindings)
  const drift = cells | (versionFell(state.binding, presented.bindings) ? VERSION_FELL : 0)
  if ((drift & presented.enforced) !== 0) return { kind: 'mismatch', drift }

  const binding = rebind(state.binding, presented.bindings, cells)
  if (presented.generation === state.generation)
    return { kind: 'rotate', generation: state.generation + 1, rolledBack: false, drift, binding }
  if (presented.generation > state.generation) {
    const strict = !presented.recoverLost && presented.graceMs === 0
    if (strict) return { kind: 'reuse', rolledBack: true }
    return { kind: 'rotate', generation: presented.generation + 1, rolledBack: true, drift, binding }
  }
  if (presented.generation === state.generation - 1) {
    const lost = presented.recoverLost && !state.confirmed
    const racing = presented.graceMs > 0 && presented.at - state.rotatedAt <= presented.graceMs
    if (lost || racing) return { kind: 'converge' }
  }
  return { kind: 'reuse', rolledBack: false }
}

/** Whether the idle or the absolute lifetime is over. */
export function hasExpired(
  state: Pick<RotationState, 'createdAt' | 'rotatedAt'>,
  at: number,
  lifetimes: Lifetimes,
): boolean {
  return at >= state.rotatedAt + lifetimes.idleMs || at >= state.createdAt + lifetimes.absoluteMs
}

/** A device that fits is hashed under the current secret from now on; one that drifted stays what it was. */
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
 * Which cells differ, as bits, from the candidate that differs least: the device is hashed under each
 * secret in force, and the session was bound under one of them.
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
