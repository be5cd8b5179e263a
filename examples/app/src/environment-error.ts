/** An environment variable is wrong. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError'

  constructor(variable: string, expected: string, options?: ErrorOptions) {
    super(`${variable} must be ${expected}`, options)
  }
}
