/** An option that is refused, and what is said of it. */
export interface WrongOption {
  readonly name: string
  readonly options: unknown
  /** The path that is named. */
  readonly option: string
  /** Part of what is said to be allowed. */
  readonly allowed: string
  /** What is said to be given; left out where it is secret, and where the option should not be there at all. */
  readonly given?: string
}
