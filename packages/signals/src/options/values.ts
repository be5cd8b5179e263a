import { schema } from '@sallyport/core/sink'
import * as v from 'valibot'

/** The value of an `Authorization` header, which errors must not show. */
export const headerValue: schema.Schema<string> = schema.string(
  /^[\x20-\x7e]{1,1024}$/,
  '1 to 1024 printable ASCII characters',
)

/** The URL of an endpoint of somebody else. */
export const endpointUrl: schema.Schema<string> = schema.custom<string>(
  (given) => typeof given === 'string' && v.is(schema.serverUrl, given.replace(/\?[^#]*$/, '')),
  'an https URL without user, password and fragment (http on loopback)',
)

/** Whether errors may show the value of an option. */
export function mayShow(path: string): boolean {
  return !path.endsWith('authorization')
}
