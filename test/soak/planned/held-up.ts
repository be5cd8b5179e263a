import { nameOf, type Recorder } from '../../faults/recorder.ts'
import type { Fleet } from './fleet.ts'
import type { Outages } from './outages.ts'

/** Times at which the machine did not let the soak itself run, so that it could not judge how long others took. */
export interface HeldUp {
  readonly times: number
  readonly totalMs: number
}

const EVERY_MS = 50
const LATE_MS = 250

/** Excuses what is late while a timer of the soak is so, too. Nothing else is excused: no refusal, no wrong answer. */
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
    // The history has one interruption of a node at a time, and one that is planned excuses the same.
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
