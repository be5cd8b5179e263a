import type { Format } from './format.ts'
import { json } from './json.ts'

/** `json`: the event as it is. */
export type FormatName = 'json'

/** The formats, by the names of the option. */
export const formats: Readonly<Record<FormatName, Format>> = { json }
