import { type Format, jsonFormat } from './format.ts'

/** The event as it is. */
export const json: Format = jsonFormat((event) => event, { opening: ',"chain":"', closing: '"}' })
