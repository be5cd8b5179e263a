import type { SallyportEvent } from '@sallyport/core/sink'
import type { Gapped } from '../chain/record.ts'

/** How an event becomes a line of text, without its line break. */
export interface Format {
  line(event: SallyportEvent): string
  /** The same line with a last element behind all others, which has a gap for its value. */
  gapped(event: SallyportEvent): Gapped
}

const WRITABLE: ReadonlySet<string> = new Set(['string', 'number', 'boolean'])

/** A format in which every line is a JSON object. */
export function jsonFormat(
  objectOf: (event: SallyportEvent) => object,
  element: { readonly opening: string; readonly closing: string },
): Format {
  const line = (event: SallyportEvent): string => {
    try {
      return JSON.stringify(objectOf(event))
    } catch {
      return JSON.stringify(objectOf(writable(event)))
    }
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

/** An application without types may add members that are no text. Whatever they are, the event has to be kept. */
export function writable(event: SallyportEvent): SallyportEvent {
  const members = Object.entries(event).filter(([, value]) => WRITABLE.has(typeof value))
  return Object.fromEntries(members) as unknown as SallyportEvent
}
