/**
 * Characters that a viewer of a log might interpret, such as line breaks, terminal escapes and controls of the writing
 * direction.
 */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu

/** The beginning of a string, with a question mark for each character that a viewer of a log might interpret. */
export function printable(text: string, maxChars: number = text.length): string {
  return text.slice(0, maxChars).replace(UNPRINTABLE, '?')
}
