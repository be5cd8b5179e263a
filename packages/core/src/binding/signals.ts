import { parseDictionary } from 'structured-headers'
import { type SignalName, signalNames } from './components.ts'

/** What a client says of its device in `Device-Signals`. */
export type Signals =
  | { readonly kind: 'none' }
  /** A signal that is absent or empty was not sent. */
  | { readonly kind: 'sent'; readonly values: Readonly<Partial<Record<SignalName, string>>> }
  /** Counts as none. */
  | { readonly kind: 'malformed' }

const MAX_BYTES = 512
export const NO_SIGNALS: Signals = { kind: 'none' }
const MALFORMED: Signals = { kind: 'malformed' }

/**
 * Reads `Device-Signals`: a dictionary (RFC 9651, section 3.2) with the strings `screen`, `timezone` and `languages`,
 * at most 512 bytes in one field. Other members and all parameters are ignored. Strings are taken exactly as they are: the
 * same client writes them the same way each time.
 *
 * @param fields every field of that name, as received: one character for each byte
 */
export function readSignals(fields: readonly string[]): Signals {
  const [field, ...others] = fields
  if (field === undefined) return NO_SIGNALS
  if (others.length > 0 || field.length > MAX_BYTES) return MALFORMED
  const members = dictionaryIn(field)
  if (members === undefined) return MALFORMED
  const values: Partial<Record<SignalName, string>> = {}
  for (const name of signalNames) {
    const [value] = members.get(name) ?? []
    if (value !== undefined && typeof value !== 'string') return MALFORMED
    if (value) values[name] = value
  }
  return { kind: 'sent', values }
}

function dictionaryIn(field: string): ReturnType<typeof parseDictionary> | undefined {
  try {
    return parseDictionary(field)
  } catch {
    return undefined
  }
}
