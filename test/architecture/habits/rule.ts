import type { Span } from 'oxc-parser'
import { lineOf, type Source } from '../source.ts'

/** Finds what is wrong with a single source. */
export type Rule = (source: Source) => readonly Fault[]

export interface Fault {
  readonly node: Span
  readonly says: string
}

/** Applies a rule to each source. */
export function each(rule: Rule): (sources: readonly Source[]) => string[] {
  return (sources) =>
    sources.flatMap((source) =>
      rule(source).map(({ node, says }) => `${source.path}:${lineOf(source, node)} ${says}`),
    )
}
