import { nameOf, type Recorder } from '../../faults/recorder.ts'
import type { Fleet } from './fleet.ts'
import type { Outages } from './outages.ts'

/** How often a timer of the soak was late, and the time in all from the tick before it. The servers are not looked at. */
export interface HeldUp {
  readonly times: number
  readonly totalMs: number
}

const EVERY_MS = 50
const LATE_MS = 250

/**
 * Notes when a timer of the soak is late by `LATE_MS` or more, whatever the reason: a busy machine, or the soak's own work.
 * How long others take can't be judged then. Each use of `Outages` says what it excuses. In the history, it moves the time
 * by which the nodes that are up must refuse what was revoked elsewhere.
 */
export function watchMachine(
  outages: Outages,
  fleet: Fleet,
  recorder: Recorder,
): { readonly heldUp: () => HeldUp; stop(): void } {
  let [times, totalMs] = [0, 0]
  let lastAt = performance.now()
  const timer = setInterval(() => {
    const [from, at] = [lastAt, performance.now()]
    lastAt = at
    if (at - from < EVERY_MS + LATE_MS) return
    times++
    totalMs += at - from
    // The history has one interruption of a node at a time. While anything is away by plan it is not told of this one, and
    // excuses nothing for it.
    if (!outages.any())
      for (const node of fleet.up().map(nameOf)) {
        recorder.note({ what: 'cut', node, at: from })
        recorder.note({ what: 'healed', node, at })
        recorder.note({ what: 'reconnected', node, at })
      }
    outages.heldUp(from, at)
  }, EVERY_MS)
  return { heldUp: () => ({ times, totalMs: Math.round(totalMs) }), stop: () => clearInterval(timer) }
}
