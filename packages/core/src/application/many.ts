import type { Revoked } from '../gate/session-calls.ts'
import type { Unavailable } from '../ports/outcome.ts'

/** What came of a call for many sessions or users. */
export interface RevokedMany extends Revoked {
  /** Those for which the store did not answer, as they were given: pass them to the same call again. */
  readonly failed: readonly string[]
}

/** So many steps are under way at once: enough to keep a store busy, and no pile that it would have to refuse. */
const SLICE = 200

/** Takes a step for each name, in slices. Names that are given twice count once. */
export async function forEachOf(
  names: readonly string[],
  step: (name: string) => Promise<Revoked | Unavailable>,
): Promise<RevokedMany> {
  const all = [...new Set(names)]
  const ended: string[] = []
  const failed: string[] = []
  for (let from = 0; from < all.length; from += SLICE) {
    const slice = all.slice(from, from + SLICE)
    const outcomes = await Promise.all(slice.map(step))
    for (const [index, outcome] of outcomes.entries())
      if ('ended' in outcome) ended.push(...outcome.ended)
      else failed.push(slice[index] ?? '')
  }
  return { ended, failed }
}
