import * as v from 'valibot'

/** A JSON object. */
export const object: v.GenericSchema<Readonly<Record<string, unknown>>> = v.custom<
  Readonly<Record<string, unknown>>
>((given) => typeof given === 'object' && given !== null && !Array.isArray(given))

/** A JSON object with any names, all of whose values are of one kind. */
export function recordOf<T>(
  element: v.GenericSchema<unknown, T> | v.GenericSchema<T>,
): v.GenericSchema<Readonly<Record<string, unknown>>, Record<string, T>> {
  return v.pipe(object, v.record(v.string(), element as v.GenericSchema<unknown, T>))
}
