import type { SallyportEvent } from '@sallyport/core/sink'
import type { Gapped } from '../chain/record.ts'

/** How an event becomes a line of text, without its line break. */
export interface Format {
  line(event: SallyportEvent): string
  /** The same line with a last element behind all others, which has a gap for its value. */
  gapped(event: SallyportEvent): Gapped
}

const WRITABLE: ReadonlySet<string> = new Set(['string', 'number', 'boolean'])

/** Events of Sallyport have some 700. In UTF-8, this many are less than verification reads of a line. */
const MAX_LINE_CHARS = 262_144
const MAX_MEMBERS = 64
const MAX_NAME_CHARS = 64
const MAX_VALUE_CHARS = 1024

/** A format in which every line is a JSON object. */
export function jsonFormat(
  objectOf: (event: SallyportEvent) => object,
  element: { readonly opening: string; readonly closing: string },
): Format {
  const line = (event: SallyportEvent): string => {
    const whole = stringify(objectOf, event)
    const isWritable = whole !== undefined && whole.length <= MAX_LINE_CHARS
    return isWritable ? whole : JSON.stringify(objectOf(writable(event)))
  }
  const closingChars = element.closing.length - 1
  return {
    line,
    gapped: (event) => ({
      before: `${line(event).slice(0, -closingChars)}${element.opening}`,
      after: element.closing,
    }),
  }
}

function stringify(objectOf: (event: SallyportEvent) => object, event: SallyportEvent): string | undefined {
  try {
    return JSON.stringify(objectOf(event))
  } catch {
    return undefined
  }
}

/**
 * An application without types may add members that are no text, or more than a line can have. Whatever they are, the
 * event has to be kept.
 */
export function writable(event: SallyportEvent): SallyportEvent {
  const members = Object.entries(event)
    .filter(([name, value]) => WRITABLE.has(typeof value) && name.length <= MAX_NAME_CHARS)
    .slice(0, MAX_MEMBERS)
    .map(([name, value]) => [name, typeof value === 'string' ? value.slice(0, MAX_VALUE_CHARS) : value])
  return Object.fromEntries(members) as unknown as SallyportEvent
}
