import { CELL_BYTES, type DeviceBinding } from '../ports/session.ts'

/**
 * How a device is bound from now on, once its user has proved anew who they are: as this request shows it. What the
 * request does not show stays as it was.
 *
 * @param candidates the device of the request under each accepted secret, the current one first
 */
export function adopt(bound: DeviceBinding, candidates: readonly DeviceBinding[]): DeviceBinding {
  const [shown = bound] = candidates
  const cells = new Uint8Array(Math.max(bound.cells.length, shown.cells.length))
  cells.set(bound.cells)
  for (let at = 0; at < shown.cells.length; at += CELL_BYTES) {
    const cell = shown.cells.subarray(at, at + CELL_BYTES)
    if (cell.some((byte) => byte !== 0)) cells.set(cell, at)
  }
  return { cells, version: shown.version }
}
