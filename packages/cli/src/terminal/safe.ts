import { printable } from '@sallyport/core/sink'

/** A value from a stranger, as a terminal may show it. */
export function safe(value: string | undefined): string {
  return value === undefined || value === '' ? '-' : printable(value)
}

/** What a terminal might interpret, apart from the line breaks of the layout. JSON leaves most of it as it is. */
const UNPRINTABLE = /[^\P{C}\n]|[\p{Zl}\p{Zp}]/gu

/** Writes a value as JSON that shows everything and moves no cursor: whatever a terminal might interpret is escaped. */
export function jsonText(value: unknown, indent?: number): string {
  return `${JSON.stringify(value, undefined, indent).replace(UNPRINTABLE, escaped)}\n`
}

function escaped(text: string): string {
  return text
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}

/** An instant as people compare them: UTC, to the second. */
export function instant(ms: number): string {
  return `${isoInstant(ms).slice(0, 19).replace('T', ' ')}Z`
}

/** An instant as JSON has it. Whatever is no instant, as a forged token may have it, stays a number in words. */
export function isoInstant(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? `no instant: ${ms}` : date.toISOString()
}

export function count(number: number, noun: string): string {
  const plural = /(?:s|x|ch)$/.test(noun) ? `${noun}es` : `${noun}s`
  return `${number.toLocaleString('en-US')} ${number === 1 ? noun : plural}`
}
