import { RECOVERED_WITHIN_MS } from '../../faults/system.ts'

interface Outage {
  /** The node that is away; nothing if it concerns all of them. */
  readonly node: string | undefined
  readonly from: number
  until: number
}

/** When what was away by plan, and when the soak itself was held up. Either counts for `RECOVERED_WITHIN_MS` longer. */
export interface Outages {
  /** Begins one, before anything happens; the returned function ends it. */
  begin(node?: string): () => void
  /** Notes that the soak itself was held up. */
  heldUp(from: number, until: number): void
  /** Whether it was, at some moment of this time or shortly before. Excuses a slow recovery, and a refresh that was refused. */
  wasHeldUp(from: number, until: number): boolean
  /** Whether anything is away right now. */
  any(): boolean
  /**
   * Whether a node may have answered 503, or late, to what it was asked in this time, or may have refused a stream: the
   * store or the node was away, or the soak was held up.
   */
  excuse(node: string, from: number, until: number): boolean
  /** Whether a node may not have answered at all: it was away itself, or the soak was held up. */
  excuseSilence(node: string, from: number, until: number): boolean
}

export function createOutages(): Outages {
  const outages: Outage[] = []
  const heldUp: { readonly from: number; readonly until: number }[] = []
  const overlaps = (outage: Pick<Outage, 'from' | 'until'>, from: number, until: number): boolean =>
    outage.from <= until && from <= outage.until + RECOVERED_WITHIN_MS
  const wasHeldUp = (from: number, until: number): boolean => heldUp.some((one) => overlaps(one, from, until))
  return {
    begin(node) {
      const outage = { node, from: performance.now(), until: Number.POSITIVE_INFINITY }
      outages.push(outage)
      return () => {
        outage.until = performance.now()
      }
    },
    heldUp: (from, until) => void heldUp.push({ from, until }),
    wasHeldUp,
    any: () => outages.some(({ until }) => until === Number.POSITIVE_INFINITY),
    excuse: (node, from, until) =>
      outages.some((one) => (one.node ?? node) === node && overlaps(one, from, until)) ||
      wasHeldUp(from, until),
    excuseSilence: (node, from, until) =>
      outages.some((one) => one.node === node && overlaps(one, from, until)) || wasHeldUp(from, until),
  }
}
