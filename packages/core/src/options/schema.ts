import ipaddr from 'ipaddr.js'
import * as v from 'valibot'
import { ConfigError, shown } from '../errors.ts'

type Schema<T> = v.GenericSchema<T>
type Group<T extends v.ObjectEntries> = v.GenericSchema<
  object,
  v.InferOutput<v.StrictObjectSchema<T, string>>
>

export function wholeNumber(min: number, max: number): Schema<number> {
  const message = `a whole number from ${min} to ${max}`
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message))
}

export function oneOf<const T extends readonly string[]>(...names: T): Schema<T[number]> {
  return v.picklist(names, `one of ${names.map((name) => `"${name}"`).join(', ')}`)
}

export function text(pattern: RegExp, message: string): Schema<string> {
  return v.pipe(v.string(message), v.regex(pattern, message))
}

export function group<const T extends v.ObjectEntries>(entries: T): Group<T> {
  const message = `an object with ${Object.keys(entries).join(', ')}`
  return v.pipe(
    v.custom<object>((given) => !Array.isArray(given), message),
    v.strictObject(entries, message),
  )
}

const audienceMessage = 'a text of 1 to 255 characters without white space, or a list of such'
export const oneAudience: Schema<string> = text(/^\S{1,255}$/, audienceMessage)
export const audience: Schema<string | string[]> = v.union(
  [oneAudience, v.pipe(v.array(oneAudience), v.minLength(1, audienceMessage))],
  audienceMessage,
)

export const issuer: Schema<string> = v.pipe(
  v.string('an https URL'),
  v.check(
    (given) => secureUrl(given) !== undefined && !given.includes('?'),
    'an https URL without query and fragment (http on loopback)',
  ),
)

/** A URL that may be fetched from: https (http on loopback), without user, password and fragment. */
export function secureUrl(given: string): URL | undefined {
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (url === undefined || /[\s#]/.test(given) || url.username !== '' || url.password !== '') return undefined
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)) ? url : undefined
}

function isLoopback({ hostname }: URL): boolean {
  const address = hostname.replace(/^\[|\]$/g, '')
  return (
    address === 'localhost' || (ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback')
  )
}

/** Checks options against a schema. Throws a `ConfigError` that names the first wrong one. */
export function parse<T>(schema: v.GenericSchema<unknown, T>, given: unknown): T {
  const result = v.safeParse(schema, given, { abortEarly: true })
  if (!result.success) throw configError(result.issues[0])
  return result.output
}

function configError(issue: v.BaseIssue<unknown>): ConfigError {
  const path = v.getDotPath(issue) ?? 'options'
  const top = path.split('.')[0]
  const isSecret = top === 'secret' || path.startsWith('access.keys')
  if (issue.type === 'strict_object' && issue.expected === 'never')
    return new ConfigError(path, 'left out, since there is no such option')
  if (issue.type === 'strict_object' && path.includes('.') && issue.input === undefined)
    return new ConfigError(path, 'given', 'missing')
  if (top === 'store' && typeof issue.input === 'string')
    return new ConfigError(path, issue.message, 'a text')
  return new ConfigError(path, issue.message, isSecret ? undefined : shown(issue.input))
}

export function nonEmpty<T>(given: T | readonly T[]): readonly [T, ...T[]] {
  const [first, ...more] = (Array.isArray(given) ? given : [given]) as readonly T[]
  if (first === undefined) throw new RangeError('an empty list passed the schema')
  return [first, ...more]
}
