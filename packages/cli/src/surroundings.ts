/** What a command sees of the process that it runs in. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdout: Output
  readonly stderr: Output
}

export interface Output {
  write(text: string): unknown
}

/** What a command ends with. */
export const exitCodes = {
  /** Everything is as it should be. */
  whole: 0,
  /** The command found something that is wrong. */
  broken: 1,
  /** It could not do its work: wrong use, or a file that can't be read. */
  unusable: 2,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Tells why a command could not do its work. */
export function unusable({ stderr }: Surroundings, message: string): ExitCode {
  stderr.write(`sallyport: ${message}\n`)
  return exitCodes.unusable
}

export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
