import * as v from 'valibot'
import { ConfigError, describeValue, unknownOption } from '../errors.ts'
import { secureUrl } from '../issuers/secure-url.ts'

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

export function string(pattern: RegExp, message: string): Schema<string> {
  return v.pipe(v.string(message), v.regex(pattern, message))
}

export const boolean: Schema<boolean> = v.boolean('true or false')

/** Options that belong together; an unknown one is refused. */
export function group<const T extends v.ObjectEntries>(entries: T): Group<T> {
  const message = `an object with ${Object.keys(entries).join(', ')}`
  return v.pipe(
    v.custom<object>((given) => !Array.isArray(given), message),
    v.strictObject(entries, message),
  )
}

/** An array with at least one element. */
export function filledArray<T>(element: Schema<T>, message: string): v.GenericSchema<T[]> {
  return v.pipe(v.array(element, message), v.minLength(1, message))
}

/** A function, or an object with functions of these names. */
export function callable<T>(message: string, ...names: readonly string[]): Schema<T> {
  return v.custom<T>(
    (given) =>
      names.length === 0
        ? typeof given === 'function'
        : typeof given === 'object' &&
          given !== null &&
          names.every((name) => typeof Reflect.get(given, name) === 'function'),
    message,
  )
}

const audienceMessage = 'a string of 1 to 255 characters without white space, or an array of them'
export const oneAudience: Schema<string> = string(/^\S{1,255}$/, audienceMessage)
export const audience: Schema<string | string[]> = v.union(
  [oneAudience, filledArray(oneAudience, audienceMessage)],
  audienceMessage,
)

export const issuer: Schema<string> = v.pipe(
  v.string('an https URL'),
  v.check(
    (given) => secureUrl(given) !== undefined && !given.includes('?'),
    'an https URL without query and fragment (http on loopback)',
  ),
)

export interface ParseMode {
  /** Goes before each path in an error, such as `redis`. */
  readonly path?: string
  /** Whether the value of an option may be shown in an error. Default: every one's may. */
  readonly mayShow?: (path: string) => boolean
}

/** Checks options against a schema. Throws a `ConfigError` that names the first wrong one. */
export function parse<T>(schema: v.GenericSchema<unknown, T>, given: unknown, mode: ParseMode = {}): T {
  const result = v.safeParse(schema, given, { abortEarly: true })
  if (!result.success) throw configError(result.issues[0], mode)
  return result.output
}

function configError(issue: v.BaseIssue<unknown>, { path: root, mayShow }: ParseMode): ConfigError {
  const path = [root, v.getDotPath(issue)].filter(Boolean).join('.') || 'options'
  if (issue.type === 'strict_object' && issue.expected === 'never')
    return unknownOption(path, siblingsOf(issue))
  if (issue.type === 'strict_object' && path.includes('.') && issue.input === undefined)
    return new ConfigError(path, { sentence: `"${path}" is required` })
  return new ConfigError(
    path,
    issue.message,
    mayShow?.(path) === false ? undefined : describeValue(issue.input),
  )
}

/** The options that there are beside an unknown one; known from the message of their group. */
function siblingsOf(issue: v.BaseIssue<unknown>): readonly string[] {
  const [, names = ''] = /^an object with (.+)$/.exec(issue.message) ?? []
  return names.split(', ').filter(Boolean)
}

export function nonEmpty<T>(given: T | readonly T[]): readonly [T, ...T[]] {
  const [first, ...more] = (Array.isArray(given) ? given : [given]) as readonly T[]
  if (first === undefined) throw new RangeError('an empty array passed the schema')
  return [first, ...more]
}
