import * as v from 'valibot'
import { filledArray, oneOf } from './schema.ts'

/** A kind of data that a browser has of a site (Clear Site Data, section 3.1). */
export type SiteData =
  | 'cache'
  | 'cookies'
  | 'storage'
  | 'executionContexts'
  | 'clientHints'
  | 'prefetchCache'
  | 'prerenderCache'
  | '*'

const kind = oneOf(
  ...(['cache', 'cookies', 'storage', 'executionContexts'] as const),
  ...(['clientHints', 'prefetchCache', 'prerenderCache', '*'] as const),
)
const kinds = filledArray(kind, 'an array of kinds of data')
const choice = v.custom<boolean>(
  (given) => typeof given === 'boolean',
  'true, false, or an array of kinds of data',
)

/** A switch, or what the browser deletes. A union would not say which kind is wrong. */
export const clearSiteData: v.GenericSchema<unknown, boolean | SiteData[]> = v.lazy(
  (given): v.GenericSchema<unknown, boolean | SiteData[]> => (typeof given === 'object' ? kinds : choice),
)

/** Without `cookies`: those of the session are deleted by name, and the others stay. */
const USUAL: readonly SiteData[] = ['cache', 'storage']

/** The value of the header; `undefined` for none. */
export function clearSiteDataOf(given: boolean | readonly SiteData[]): string | undefined {
  if (given === false) return undefined
  return (given === true ? USUAL : given).map((one) => `"${one}"`).join(', ')
}
