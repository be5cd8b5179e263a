import leven from 'leven'
import { printable } from './printable.ts'
import { isThenable } from './thenable.ts'

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

const AWAY = {
  store: 'the session store does not answer; try again',
  audit: 'the audit trail cannot be written; try again',
} as const

/**
 * The store did not answer, or the audit trail that is required could not be written. So it is not known whether the call
 * took effect. The call may be repeated.
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

  /** @param what does not answer: the store (the default), or the audit trail where it is required */
  constructor(what: 'store' | 'audit' = 'store') {
    super(AWAY[what])
  }
}

/**
 * A request was refused, as an error for the framework's error handling: it has the status, the headers and the text
 * that the library's own answer would have had.
 */
export class RefusalError extends SallyportError {
  override readonly name = 'RefusalError'
  /** Which refusal, such as `token_expired` (see `ProblemCode`). */
  readonly code: string
  readonly status: number
  readonly statusCode: number
  /** `WWW-Authenticate`, `Retry-After` and the like. */
  readonly headers: Readonly<Record<string, string>>
  /** The `error` of the body that would have been sent, such as `invalid_token`. */
  readonly error: string
  readonly expose = true

  constructor(
    code: string,
    refused: {
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly error: string
      readonly message: string
    },
  ) {
    super(refused.message)
    this.code = code
    this.status = refused.status
    this.statusCode = refused.status
    this.headers = refused.headers
    this.error = refused.error
  }
}

/** The application's claims must not be in an access token. Names claims, never a value. */
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

/**
 * The error for an option that does not exist. Suggests the one that was probably meant, or else lists those that
 * exist.
 *
 * @param path of the unknown option, such as `redis.keyprefix`
 * @param known the names of the options in the same group, such as `keyPrefix`
 */
export function unknownOption(path: string, known: readonly string[]): ConfigError {
  const nameAt = path.lastIndexOf('.') + 1
  const hint = choices(path.slice(nameAt), known, path.slice(0, nameAt))
  return new ConfigError(path, { sentence: `unknown option "${path}"${hint}` })
}

/**
 * What may stand in the place of an unknown name, to follow it in a message: the known name that was probably meant,
 * or else all of them.
 *
 * @param group goes before the name that is suggested, such as `refresh.`
 */
export function choices(name: string, known: readonly string[], group = ''): string {
  const meant = nearest(name, known)
  if (meant !== undefined) return ` (did you mean "${group}${meant}"?)`
  if (known.length === 0) return '; there are none here'
  return `; there ${known.length === 1 ? 'is only' : 'are'} ${known.join(', ')}`
}

/** Throws a `TypeError` for an argument that is no object, or has a member that the call does not know. */
export function refuseUnknownMembers(call: string, given: unknown, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new TypeError(`${call}: the argument must be an object with ${known.join(', ')}`)
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new TypeError(`${call}: unknown member "${unknown}"${choices(unknown, known)}`)
}

/** The `reason` of a call that ends or revokes something. Throws a `TypeError` for any other option. */
export function reasonOf(
  call: string,
  given: { readonly reason?: string | undefined } | undefined,
  fallback: string,
  known: readonly string[] = ['reason'],
): string {
  if (given === undefined) return fallback
  refuseUnknownMembers(call, given, known)
  const { reason = fallback } = given
  if (typeof reason !== 'string' || reason === '')
    throw new TypeError(`${call}: "reason" must be a code such as "${fallback}"`)
  return reason
}

const MAX_EDITS = 3
const MIN_BEGINNING = 3

/** The known name that was probably meant: it is nearly the same, or one begins with the other (`ttl`, `ttlSeconds`). */
function nearest(name: string, known: readonly string[]): string | undefined {
  const given = name.toLowerCase()
  const [best] = known
    .map((one) => ({ one, edits: leven(given, one.toLowerCase()) }))
    .filter(
      ({ one, edits }) =>
        edits <= Math.min(MAX_EDITS, Math.floor(one.length / 2)) || beginsWith(given, one.toLowerCase()),
    )
    .sort((a, b) => a.edits - b.edits)
  return best?.one
}

function beginsWith(a: string, b: string): boolean {
  return Math.min(a.length, b.length) >= MIN_BEGINNING && (a.startsWith(b) || b.startsWith(a))
}

/**
 * How a wrong value may be shown in a `ConfigError`: a string in quotes, on one line, at most 64 characters of it;
 * other values by their type. Whatever could be a user and a password in an address is left out.
 */
export function describeValue(given: unknown): string {
  if (typeof given === 'string') return printable(JSON.stringify(withoutPassword(given).slice(0, 64)))
  if (given === undefined) return 'nothing'
  if (Array.isArray(given)) return given.length === 0 ? 'an empty array' : 'an array'
  if (given === null || typeof given === 'number' || typeof given === 'boolean') return String(given)
  if (isThenable(given)) return 'a promise, which lacks an "await"'
  return typeof given === 'object' ? 'an object' : `a ${typeof given}`
}

/** A URL may have a password before its last `@`. */
function withoutPassword(text: string): string {
  const from = text.indexOf('//')
  const to = text.lastIndexOf('@')
  return from !== -1 && to > from ? `${text.slice(0, from)}//…${text.slice(to)}` : text
}
