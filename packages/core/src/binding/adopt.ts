import type { DeviceBinding } from '../ports/session.ts'
import { driftOf } from './drift.ts'

const CELL_BYTES = 4

/**
 * How a device is bound from now on, once its user has proved anew who they are: as this request shows it. What the
 * request does not show stays as it was.
 *
 * @param candidates the device of the request under each accepted secret
 */
export function adopt(bound: DeviceBinding, candidates: readonly DeviceBinding[]): DeviceBinding {
  // Cells that were hashed under different secrets would never fit together again.
  const drift = driftOf(bound, candidates)
  const shown = candidates.find((candidate) => driftOf(bound, [candidate]) === drift) ?? bound
  const cells = Uint8Array.from(shown.cells)
  for (let at = 0; at < bound.cells.length; at += CELL_BYTES) {
    const isShown = shown.cells.subarray(at, at + CELL_BYTES).some((byte) => byte !== 0)
    if (!isShown && at < cells.length) cells.set(bound.cells.subarray(at, at + CELL_BYTES), at)
  }
  return { cells, version: shown.version }
}
