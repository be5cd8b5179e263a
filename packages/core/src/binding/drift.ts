import type { DeviceBinding } from '../ports/session.ts'

/** How a device is bound from now on. A device without drift is stored under the current secret from now on. A device that drifted keeps its old cells. */
export function rebind(
  bound: DeviceBinding,
  candidates: readonly DeviceBinding[],
  drift: number,
): DeviceBinding {
  const [current = bound] = candidates
  return {
    cells: drift === 0 ? current.cells : bound.cells,
    version: Math.max(bound.version, current.version),
  }
}

/** Browsers update themselves, so only an older version than before counts. */
export function versionFell(bound: DeviceBinding, candidates: readonly DeviceBinding[]): boolean {
  const [current] = candidates
  return current !== undefined && current.version !== 0 && current.version < bound.version
}

/**
 * The cells that differ, as bits, for the candidate that differs least. There is one candidate for each accepted
 * secret, and the session was bound under one of those.
 */
export function driftOf(bound: DeviceBinding, candidates: readonly DeviceBinding[]): number {
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
  for (let remaining = bits; remaining !== 0; remaining &= remaining - 1) count++
  return count
}
