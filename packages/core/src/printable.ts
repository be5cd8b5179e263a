/**
 * Characters that a viewer of a log might interpret, such as line breaks, terminal escapes and controls of the writing
 * direction.
 */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu

/** Nearly every string, for which the longer search is spared. */
const PLAIN = /^[\x20-\x7e]*$/

/** The beginning of a string, with a question mark for each character that a viewer of a log might interpret. */
export function printable(text: string, maxChars: number = text.length): string {
  if (text.length <= maxChars && PLAIN.test(text)) return text
  return text.slice(0, maxChars).replace(UNPRINTABLE, '?')
}
