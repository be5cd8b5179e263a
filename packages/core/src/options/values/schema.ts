import { isDeepStrictEqual } from 'node:util'
import * as v from 'valibot'
import { ConfigError, describeValue, unknownOption } from '../../errors.ts'
import { secureUrl } from '../../issuers/secure-url.ts'
import { isKid, type SigningAlgorithm } from '../../ports/signer.ts'

// Every message here is a noun phrase: it has to follow both `"x" must be` and `"x" is required: give`.

/** From valibot: a check of your own, and an option that may be left out. */
export { custom, optional } from 'valibot'

/** Checks a value of a type. */
export type Schema<T> = v.GenericSchema<T>
type Group<T extends v.ObjectEntries> = v.GenericSchema<object, v.InferOutput<v.ObjectSchema<T, undefined>>>

/** A whole number between two bounds, both included. */
export function wholeNumber(min: number, max: number): Schema<number> {
  const message = `a whole number from ${min} to ${max}`
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message))
}

/** One of these words. */
export function oneOf<const T extends readonly string[]>(...names: T): Schema<T[number]> {
  return v.picklist(names, `one of ${names.map((name) => `"${name}"`).join(', ')}`)
}

/** A string that matches a pattern. */
export function string(pattern: RegExp, message: string): Schema<string> {
  return v.pipe(v.string(message), v.regex(pattern, message))
}

export const boolean: Schema<boolean> = v.boolean('true or false')

/** An algorithm for access tokens. */
export const signingAlgorithm: Schema<SigningAlgorithm> = oneOf('EdDSA', 'ES256', 'RS256', 'PS256')

/** The name of a key. */
export const kid: Schema<string> = v.custom<string>(isKid, '1 to 128 printable ASCII characters')

/**
 * An object with these options and no others. Unknown options are looked for first: one may be a misspelling of an
 * option that is then missing. A missing option is reported in the words of its own schema.
 */
export function group<const T extends v.ObjectEntries>(entries: T): Group<T> {
  const names = Object.keys(entries)
  return v.pipe(
    v.custom<object>(isObject, `an object with ${names.join(', ')}`),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return
      const input: Readonly<Record<string, unknown>> = { ...dataset.value }
      const key = Object.keys(input).find((name) => !names.includes(name))
      if (key === undefined) return
      // The message only carries the known names to `configError`.
      addIssue({
        message: names.join(),
        path: [{ type: 'object', origin: 'key', input, key, value: input[key] }],
      })
    }),
    v.object(entries, ({ path }) => messageIfMissing(entries[String(path?.[0]?.key)])),
  )
}

function isObject(given: unknown): boolean {
  return typeof given === 'object' && given !== null && !Array.isArray(given)
}

function messageIfMissing(schema: v.GenericSchema | undefined): string {
  const result = schema && v.safeParse(schema, undefined, { abortEarly: true })
  return result?.issues?.[0].message ?? 'a value'
}

/** An array whose elements all differ: one that is there twice was meant to be another. */
export function distinctArray<I, O>(
  element: v.GenericSchema<I, O>,
  message: string,
): v.GenericSchema<I[], O[]> {
  return v.pipe(
    v.array(element, message),
    v.checkItems(
      (item, index, items) => items.findIndex((other) => isDeepStrictEqual(other, item)) === index,
      'different from the others',
    ),
  )
}

/** An array with at least one element, all of which differ. */
export function filledArray<I, O>(
  element: v.GenericSchema<I, O>,
  message: string,
): v.GenericSchema<I[], O[]> {
  return v.pipe(distinctArray(element, message), v.minLength(1, message))
}

/** One element, or an array with at least one. */
export function oneOrMore<I, O>(
  element: v.GenericSchema<I, O>,
  message: string,
): v.GenericSchema<I | I[], O | O[]> {
  const several = filledArray(element, message)
  // A union would not say which element of the array is wrong.
  return v.lazy((given): v.GenericSchema<I | I[], O | O[]> => (Array.isArray(given) ? several : element))
}

/** A switch, or an object with more options, which switches on as well. */
export function switchOr<T>(options: v.GenericSchema<object, T>): v.GenericSchema<unknown, boolean | T> {
  const given = v.custom<boolean>(
    (value) => typeof value === 'boolean',
    'true, false, or an object with more options',
  )
  // A union would not say which option of the object is wrong.
  return v.lazy(
    (value): v.GenericSchema<unknown, boolean | T> => (typeof value === 'object' ? options : given),
  )
}

/** An object with any names, all of whose values are of one kind. */
export function record<I, O>(
  element: v.GenericSchema<I, O>,
  message: string,
): v.GenericSchema<object, Record<string, O>> {
  return v.pipe(v.custom<object>(isObject, message), v.record(v.string(), element))
}

/** A function; with names, an object that has methods of these names. */
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
/** One `aud` value. */
export const oneAudience: Schema<string> = string(/^\S{1,255}$/, audienceMessage)
/** One audience, or an array with at least one. */
export const audience: Schema<string | string[]> = oneOrMore(oneAudience, audienceMessage)

/** The URL of a server. */
export const serverUrl: Schema<string> = v.pipe(
  v.string('an https URL'),
  v.check(
    (given) => secureUrl(given) !== undefined && !given.includes('?'),
    'an https URL without query and fragment (http on loopback)',
  ),
)

/** How `parse` names and shows options in its errors. */
export interface ParseMode {
  /** Goes before the path of each option, such as `redis`. Default: nothing. */
  readonly path?: string
  /** Whether the value at a path may be shown. Answer `false` for secrets. Default: every value may be. */
  readonly mayShow?: (path: string) => boolean
}

/**
 * Checks options against a schema and fills in defaults. Throws a `ConfigError` that names the first wrong option.
 */
export function parse<T>(schema: v.GenericSchema<unknown, T>, given: unknown, mode: ParseMode = {}): T {
  const result = v.safeParse(schema, given, { abortEarly: true })
  if (!result.success) throw configError(result.issues[0], mode)
  return result.output
}

function configError(issue: v.BaseIssue<unknown>, { path: root, mayShow }: ParseMode): ConfigError {
  const path = [root, v.getDotPath(issue)].filter(Boolean).join('.') || 'options'
  if (issue.type === 'raw_check') return unknownOption(path, issue.message.split(','))
  if (issue.input === undefined && issue.path?.at(-1)?.type === 'object')
    return new ConfigError(path, { sentence: `"${path}" is required: give ${issue.message}` })
  return new ConfigError(
    path,
    issue.message,
    mayShow?.(path) === false ? undefined : describeValue(issue.input),
  )
}

/** A schema for each option of a room. It does not compile if one is missing, or if there is one too many. */
export type Entries<Options> = Readonly<Record<keyof Options, v.GenericSchema>>

/** Some of the members of `SallyportOptions`, which one file declares, checks and turns into settings. */
export interface Room<Settings> {
  readonly names: readonly string[]
  /** Takes all options, and leaves those of other rooms alone. */
  read(given: object, production: boolean): Settings
}

export function room<const T extends v.ObjectEntries, Settings>(
  entries: T,
  settings: (
    parsed: v.InferOutput<v.ObjectSchema<T, undefined>>,
    production: boolean,
    given: object,
  ) => Settings,
  mode?: ParseMode,
): Room<Settings> {
  const schema = v.object(entries)
  return {
    names: Object.keys(entries),
    read: (given, production) => settings(parse(schema, given, mode), production, given),
  }
}

/** One value or an array, as an array. Throws a `RangeError` for an empty one, which the schema must rule out. */
export function nonEmpty<T>(given: T | readonly T[]): readonly [T, ...T[]] {
  const [first, ...more] = (Array.isArray(given) ? given : [given]) as readonly T[]
  if (first === undefined) throw new RangeError('an empty array passed the schema')
  return [first, ...more]
}
