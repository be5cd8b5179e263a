import { ConfigError } from '@sallyport/core/store'
import { TimedOut } from './timeout.ts'

/** The database holds something that this store does not write. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable'
}

/** A step that can't go on, though the server does: it is rolled back, and counts as unavailable. */
export class Abandoned extends Error {
  override readonly name = 'Abandoned'
}

const SQL_STATE = /^[0-9A-Z]{5}$/
const SYSTEM_CODE = /^E[A-Z0-9_]{3,40}$/

/** The SQLSTATE with which the server answered, if it did (PostgreSQL, appendix A). */
export function sqlState(cause: unknown): string | undefined {
  const { code } = Object(cause)
  return typeof code === 'string' && SQL_STATE.test(code) && !SYSTEM_CODE.test(code) ? code : undefined
}

/** Others were in the way (serialization failure, deadlock), and the step was rolled back. */
export function isWorthRepeating(cause: unknown): boolean {
  return ['40001', '40P01'].includes(sqlState(cause) ?? '')
}

/** The table, the schema or a column is not there. */
export function lacksTables(cause: unknown): boolean {
  return ['42P01', '3F000', '42703'].includes(sqlState(cause) ?? '')
}

/**
 * Why the server is away, in words that repeat nothing that was sent; `undefined` if it answered.
 *
 * A server that shuts down or starts answers with an error of the classes 08 and 57P.
 */
export function whyAway(cause: unknown): string | undefined {
  if (cause instanceof TimedOut) return cause.message
  if (cause instanceof Unreadable) return undefined
  const state = sqlState(cause)
  if (state !== undefined) return /^(08|57P)/.test(state) ? state : undefined
  const { code, message } = Object(cause)
  if (typeof code === 'string' && SYSTEM_CODE.test(code)) return code
  return /connection|timeout|closed|ended/i.test(String(message)) ? 'it closes connections' : undefined
}

/** The error to report if the server refuses because of how it or this store is set up; `undefined` for anything else. */
export function refusalOf(cause: unknown): ConfigError | undefined {
  const state = sqlState(cause)
  if (state === undefined)
    return lacksPassword(cause)
      ? refusal('PostgreSQL wants a password: add it to "postgres.url" or "postgres.pool"')
      : undefined
  if (state.startsWith('28'))
    return refusal(
      `PostgreSQL refuses the user or the password (${state}): correct them in "postgres.url" or "postgres.pool"`,
    )
  if (state === '3D000')
    return refusal('PostgreSQL does not have this database (3D000): create it, or correct its name')
  if (state === '42501')
    return refusal(
      'PostgreSQL does not let this user do what the store needs (42501): grant the rights that the guide lists; to make its tables, it needs CREATE on the database',
    )
  return undefined
}

/** The driver gives up by itself when the server asks for a password that it was not given. */
function lacksPassword(cause: unknown): boolean {
  return /^SASL: .*client password must be/.test(String(Object(cause).message))
}

export function refusal(sentence: string): ConfigError {
  return new ConfigError('postgres', { sentence })
}
