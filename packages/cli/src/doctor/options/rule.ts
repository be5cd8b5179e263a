import type { SallyportOptions } from '@sallyport/core'
import type { Sighting } from '../catalogue.ts'

/** One thing that options may have wrong. It gives what was seen; `undefined` if nothing is wrong. */
export interface OptionRule {
  readonly id: string
  readonly option: string
  readonly look: (options: SallyportOptions) => string | undefined
}

export function sightingsOf(rules: readonly OptionRule[], options: SallyportOptions): readonly Sighting[] {
  return rules.flatMap(({ id, option, look }) => {
    const seen = look(options)
    return seen === undefined ? [] : [{ id, option, seen: `${option}: ${seen}` }]
  })
}

/** A number beyond what is recommended. What is no number is refused elsewhere. */
export function above(value: unknown, most: number, unit: string): string | undefined {
  return typeof value === 'number' && value > most ? `${value} ${unit}` : undefined
}

export function zero(value: unknown): string | undefined {
  return value === 0 ? 'no limit' : undefined
}

/** Options may come from JavaScript, where anything can be in the place of an array. */
export function each<T>(value: readonly T[] | undefined): readonly T[] {
  return Array.isArray(value) ? value : []
}

export function isLoopback(address: string): boolean {
  const host = URL.canParse(address) ? new URL(address).hostname : ''
  return /^(?:localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host)
}
