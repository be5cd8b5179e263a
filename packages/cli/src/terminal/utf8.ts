import { UsageError } from '../surroundings.ts'

/**
 * The text in these bytes, without a byte order mark. Throws a `UsageError` if they are no UTF-8, such as the UTF-16 that
 * PowerShell may write: read as something else, each name in it would be nobody's.
 *
 * @param what where they come from, such as `standard input`
 */
export function utf8Of(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new UsageError(`${what} is not in UTF-8: save it in that encoding`, { cause })
  }
}
