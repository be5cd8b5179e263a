/** Holds up this process, as its own work does, or a busy machine: nothing that arrives is heard meanwhile. */
export function holdUp(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
