import type { Readable } from 'node:stream'

/** What a command sees of the process that it runs in. `process` is one. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdout: Output
  readonly stderr: Output
  /** What tokens, lists of users and answers to questions are read from. Default: nothing can be read. */
  readonly stdin?: Readable & { readonly isTTY?: boolean | undefined }
  /** The folder that relative paths begin at. Default: that of the process. */
  cwd?(): string
  /** Adds a listener for Ctrl-C, and for the notices of the library. Default: neither is heard. */
  on?(event: 'SIGINT', listener: () => void): unknown
  on?(event: 'warning', listener: (warning: Error) => void): unknown
  off?(event: 'SIGINT', listener: () => void): unknown
  off?(event: 'warning', listener: (warning: Error) => void): unknown
}

export interface Output {
  write(text: string): unknown
  /** Whether a person is reading. Progress is shown only then. */
  readonly isTTY?: boolean | undefined
  /** Adds a listener for output that nobody reads any longer, or that can't be written. Default: it is not heard. */
  on?(event: 'error', listener: () => void): unknown
  off?(event: 'error', listener: () => void): unknown
}

/** What a command ends with. */
export const exitCodes = {
  /** It is done, and everything is as it should be. */
  whole: 0,
  /** The command found something that is wrong, or did not do what was asked. */
  broken: 1,
  /** It could not do its work: wrong use, wrong options, or a file that can't be read. */
  unusable: 2,
  /** The store, or the audit trail where it is required, did not answer. */
  away: 3,
  /** Somebody pressed Ctrl-C. */
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Takes the code that a command ends with. */
export type End = (code: ExitCode) => void

/** A command can't do its work, for a reason that its user can mend. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Somebody pressed Ctrl-C at a question. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError'
}

/** Tells why a command could not do its work. */
export function unusable({ stderr }: Surroundings, message: string): ExitCode {
  stderr.write(`sallyport: ${message}\n`)
  return exitCodes.unusable
}

export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

/** The `code` of an error, by which those of other copies of a package are recognised, too. */
export function codeOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined
}
