import { CELL_BYTES, type DeviceBinding, type DriftRule, VERSION_FELL } from '../ports/session.ts'

/** A session's device, compared with that of a request. */
export interface Comparison {
  /** The cells that differ, as bits, and {@link VERSION_FELL}. */
  readonly drift: number
  /** How the session is bound from now on. */
  readonly binding: DeviceBinding
}

/**
 * Compares a session's device with that of a request, which is hashed under each accepted secret: a cell fits if it is
 * the same under any of them. What one side did not send is not compared, and no later request adds it.
 *
 * A cell that fits is hashed under the current secret from now on. One that drifted or was not sent stays what it was,
 * so later requests are still compared with the sign-in.
 */
export function compareDevices(bound: DeviceBinding, candidates: readonly DeviceBinding[]): Comparison {
  const [current] = candidates
  if (current === undefined) return { drift: 0, binding: bound }
  const cells = Uint8Array.from(bound.cells)
  let drift = current.version !== 0 && current.version < bound.version ? VERSION_FELL : 0
  for (let at = 0; at < cells.length; at += CELL_BYTES) {
    if (!isSent(bound.cells, at) || !isSent(current.cells, at)) continue
    if (candidates.some((candidate) => isSameCell(bound.cells, candidate.cells, at)))
      cells.set(current.cells.subarray(at, at + CELL_BYTES), at)
    else drift |= 1 << (at / CELL_BYTES)
  }
  return { drift, binding: { cells, version: Math.max(bound.version, current.version) } }
}

/** What follows from a drift. The first that applies counts. */
export function consequenceOf(drift: number, rule: DriftRule): 'end' | 'step_up' | 'none' {
  const { enforced, stepUp, counted, stepUpAt, endAt } = rule
  const count = bitCount(drift & counted)
  const isReached = (limit: number): boolean => limit !== 0 && count >= limit
  if ((drift & enforced) !== 0 || isReached(endAt)) return 'end'
  return (drift & stepUp) !== 0 || isReached(stepUpAt) ? 'step_up' : 'none'
}

/** Four zero bytes stand for what was not sent, as does a cell beyond the end. */
function isSent(cells: Uint8Array, at: number): boolean {
  return at + CELL_BYTES <= cells.length && cells.subarray(at, at + CELL_BYTES).some((byte) => byte !== 0)
}

function isSameCell(one: Uint8Array, other: Uint8Array, at: number): boolean {
  for (let byte = at; byte < at + CELL_BYTES; byte++) if (one[byte] !== other[byte]) return false
  return true
}

function bitCount(bits: number): number {
  let count = 0
  for (let remaining = bits; remaining !== 0; remaining &= remaining - 1) count++
  return count
}
