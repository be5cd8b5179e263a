import leven from 'leven'

/** The base class of the library's own errors. A wrong argument of a call is a `TypeError` instead. */
export abstract class SallyportError extends Error {
  abstract readonly code: string
}

/** The library is configured wrongly, or a call needs something that the configuration excludes. */
export class ConfigError extends SallyportError {
  override readonly name = 'ConfigError'
  readonly code = 'ERR_CONFIG'
  /** The path of the option, such as `refresh.graceSeconds`. */
  readonly option: string
  /** What the option must be, to follow "must be"; `undefined` if the message says something else. */
  readonly expected: string | undefined

  /**
   * @param option the path of the option
   * @param expected what the option must be, to follow "must be"; or the whole sentence of the message
   * @param given the wrong value in a printable form (see {@link describeValue}); omit it if it is secret
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
 * The store did not answer, so it is not known whether the call took effect. The call may be repeated.
 *
 * Has the members by which Express, Koa and Fastify answer 503 on their own.
 */
export class UnavailableError extends SallyportError {
  override readonly name = 'UnavailableError'
  readonly code = 'ERR_UNAVAILABLE'
  readonly status = 503
  readonly statusCode = 503
  readonly expose = true
  readonly headers: Readonly<Record<string, string>> = { 'Retry-After': '1' }

  constructor() {
    super('the session store does not answer; try again')
  }
}

/** Claims of the application must not be in an access token. The error names claims and never contains a value. */
export class ClaimsError extends SallyportError {
  override readonly name = 'ClaimsError'
  readonly code = 'ERR_CLAIMS'
  /** The paths of the claims, such as `profile.email`; empty if the claims as a whole are at fault. */
  readonly claims: readonly string[]

  constructor(claims: readonly string[], message: string) {
    super(message)
    this.claims = claims
  }
}

/** The error for an option that does not exist. Suggests the known option that is nearest to it, if any is near. */
export function unknownOption(path: string, known: readonly string[]): ConfigError {
  const [name = '', ...groups] = path.split('.').reverse()
  const prefix = groups.length === 0 ? '' : `${groups.reverse().join('.')}.`
  const suggested = suggestion(
    path,
    known.map((sibling) => prefix + sibling),
  )
  const hint = suggested === '' && known.length > 0 ? `; known options: ${known.join(', ')}` : suggested
  return new ConfigError(path, { sentence: `unknown option "${prefix}${name}"${hint}` })
}

const MAX_EDITS = 3

/** ` (did you mean "…"?)` with the known name that is nearest to a wrong one; empty if none is near. */
export function suggestion(wrong: string, known: readonly string[]): string {
  const [nearest] = known
    .map((name) => ({ name, edits: leven(wrong.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, edits }) => edits <= Math.min(MAX_EDITS, Math.floor(name.length / 2)))
    .sort((a, b) => a.edits - b.edits)
  return nearest === undefined ? '' : ` (did you mean "${nearest.name}"?)`
}

/** Describes a wrong value for a `ConfigError`: short, on one line, and without the credentials of a URL. */
export function describeValue(given: unknown): string {
  if (typeof given === 'string') return JSON.stringify(given.replace(/\/\/[^/]*@/, '//…@').slice(0, 64))
  if (given === undefined) return 'nothing'
  if (Array.isArray(given)) return given.length === 0 ? 'an empty array' : 'an array'
  if (given === null || typeof given === 'number' || typeof given === 'boolean') return String(given)
  return `a value of type ${typeof given}`
}
