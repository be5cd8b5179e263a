import leven from 'leven'

/** The base of all errors that this library throws. */
export abstract class SallyportError extends Error {
  abstract readonly code: string
}

/** The library was set up wrongly, or asked for what its set-up excludes. */
export class ConfigError extends SallyportError {
  override readonly name = 'ConfigError'
  readonly code = 'ERR_CONFIG'
  /** The path of the option, such as `refresh.graceSeconds`. */
  readonly option: string
  /** What is allowed, to follow "must be"; `undefined` where something else is wrong. */
  readonly expected: string | undefined

  /**
   * @param option the path of the option
   * @param expected what is allowed, to follow "must be"; or the whole sentence that says what is wrong
   * @param given what was given, in a form that may be shown; left out where it is secret
   */
  constructor(option: string, expected: string | { readonly sentence: string }, given?: string) {
    super(
      typeof expected === 'string'
        ? `"${option}" must be ${expected}${given === undefined ? '' : `; got ${given}`}`
        : expected.sentence,
    )
    this.option = option
    this.expected = typeof expected === 'string' ? expected : undefined
  }
}

/**
 * The store could not do what the application asked for. The call may be repeated.
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

/** The application's claims must not be in an access token. Names claims, never a value. */
export class ClaimsError extends SallyportError {
  override readonly name = 'ClaimsError'
  readonly code = 'ERR_CLAIMS'
  /** The paths of the claims, such as `profile.email`; none where it is about all of them. */
  readonly claims: readonly string[]

  constructor(claims: readonly string[], message: string) {
    super(message)
    this.claims = claims
  }
}

/** An option that does not exist, with the one that was probably meant. */
export function unknownOption(path: string, known: readonly string[]): ConfigError {
  const [name = '', ...groups] = path.split('.').reverse()
  const prefix = groups.length === 0 ? '' : `${groups.reverse().join('.')}.`
  const hint = suggestion(
    path,
    known.map((one) => prefix + one),
  )
  const others = hint === '' && known.length > 0 ? `; there are ${known.join(', ')}` : hint
  return new ConfigError(path, { sentence: `unknown option "${prefix}${name}"${others}` })
}

const MAX_EDITS = 3

/** ` (did you mean "…"?)` for the known name that is nearest to a wrong one; empty where none is near. */
export function suggestion(name: string, known: readonly string[]): string {
  const [nearest] = known
    .map((one) => ({ one, edits: leven(name.toLowerCase(), one.toLowerCase()) }))
    .filter(({ one, edits }) => edits <= Math.min(MAX_EDITS, Math.floor(one.length / 2)))
    .sort((a, b) => a.edits - b.edits)
  return nearest === undefined ? '' : ` (did you mean "${nearest.one}"?)`
}

/** How a wrong value may be shown in a `ConfigError`: short, on one line, without the user part of an address. */
export function describeValue(given: unknown): string {
  if (typeof given === 'string') return JSON.stringify(given.replace(/\/\/[^/]*@/, '//…@').slice(0, 64))
  if (given === undefined) return 'nothing'
  if (Array.isArray(given)) return given.length === 0 ? 'an empty array' : 'an array'
  if (given === null || typeof given === 'number' || typeof given === 'boolean') return String(given)
  return `a value of type ${typeof given}`
}
