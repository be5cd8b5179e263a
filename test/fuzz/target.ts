/** What is fuzzed, once it is ready. */
export interface Opened {
  /** Inputs from which the first mutants are made. */
  readonly seeds: readonly (string | Uint8Array)[]
  /** Throws, or rejects, if the input shows a fault. */
  run(input: Buffer): void | Promise<void>
  close?(): Promise<void>
}

/** A parser, or all that stands behind it, with what must hold for any input. */
export interface Target {
  readonly name: string
  /** Words of its language, which mutants are given. */
  readonly words?: readonly string[]
  /** The longest mutant, in bytes. Default: 4096. */
  readonly maxBytes?: number
  open(): Promise<Opened>
}
