/** An environment variable is wrong. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError'

  constructor(variable: string, expected: string) {
    super(`${variable} must be ${expected}`)
  }
}
