/** What all errors of this library have in common. */
export abstract class SallyportError extends Error {
  abstract readonly code: string
}

/** The library was set up wrongly. Thrown at start, never because of a request. */
export class ConfigError extends SallyportError {
  override readonly name = 'ConfigError'
  readonly code = 'ERR_CONFIG'
  /** Path of the option, as `refresh.graceSeconds`. */
  readonly option: string
  /** What is allowed, to follow "must be". */
  readonly expected: string

  /**
   * @param option path of the option
   * @param expected what is allowed
   * @param given what was given, in a form that may be shown; left out where it is secret
   */
  constructor(option: string, expected: string, given?: string) {
    super(`option "${option}" must be ${expected}${given === undefined ? '' : `, but is ${given}`}`)
    this.option = option
    this.expected = expected
  }
}

/**
 * The store could not do what the application asked for; it may be asked again.
 *
 * Carries what Express, Koa and Fastify need to answer 503 by themselves.
 */
export class UnavailableError extends SallyportError {
  override readonly name = 'UnavailableError'
  readonly code = 'ERR_UNAVAILABLE'
  readonly status = 503
  readonly statusCode = 503
  readonly expose = true
  readonly headers: Readonly<Record<string, string>> = { 'Retry-After': '1' }

  constructor() {
    super('the session store does not answer')
  }
}

/** Claims of the application's own that must not stand in an access token. Names claims, never a value. */
export class ClaimsError extends SallyportError {
  override readonly name = 'ClaimsError'
  readonly code = 'ERR_CLAIMS'
  /** Paths of the claims, as `profile.email`; none where it is about all of them. */
  readonly claims: readonly string[]

  /** @param problem what is wrong, to follow the claims */
  constructor(claims: readonly string[], problem: string) {
    const named = claims.length === 0 ? 'they' : claims.map((claim) => `"${claim}"`).join(', ')
    super(`claims of an access token: ${named} ${problem}`)
    this.claims = claims
  }
}

/** How a wrong value may be shown in a `ConfigError`: short, on one line, without the user part of an address. */
export function shown(given: unknown): string {
  if (typeof given === 'string') return JSON.stringify(given.replace(/\/\/[^/]*@/, '//…@').slice(0, 64))
  if (given === undefined) return 'missing'
  if (Array.isArray(given)) return 'a list'
  if (given === null || typeof given === 'number' || typeof given === 'boolean') return String(given)
  return `a value of type ${typeof given}`
}
