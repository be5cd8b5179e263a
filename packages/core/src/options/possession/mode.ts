import * as v from 'valibot'
import { oneOf, type Schema } from '../values/schema.ts'

type Mode = 'off' | 'accepted' | 'required'

export const mode: Schema<Mode> = oneOf('off', 'accepted', 'required')

/** A mode, or an object that has one among other options. A union would not say which option of the object is wrong. */
export function modeOr<I, O>(options: v.GenericSchema<I, O>): v.GenericSchema<Mode | I, Mode | O> {
  const alone = v.custom<Mode>(
    (given) => v.is(mode, given),
    '"off", "accepted", "required", or an object with more options',
  )
  return v.lazy((given): v.GenericSchema<Mode | I, Mode | O> => (typeof given === 'object' ? options : alone))
}
