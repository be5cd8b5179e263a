import { setTimeout as sleep } from 'node:timers/promises'
import type { Sallyport } from '@sallyport/core'
import { nameOf, type Recorder, readyAt } from '../../faults/recorder.ts'
import { type Node, RECOVERED_WITHIN_MS, until } from '../../faults/system.ts'
import type { Chances } from '../../support/chances.ts'
import type { Complaints } from '../judged/complaints.ts'
import type { People } from '../traffic/people.ts'
import type { Fleet } from './fleet.ts'
import type { Outages } from './outages.ts'
import type { SoakStore } from './store.ts'
import type { Planned } from './timetable.ts'

export interface FaultParts {
  readonly store: SoakStore
  readonly fleet: Fleet
  readonly outages: Outages
  readonly recorder: Recorder
  readonly people: People
  readonly complaints: Complaints
  readonly chances: Chances
  /** One more process of the system: where an operator revokes and rotates. */
  readonly operator: Pick<Sallyport, 'ready' | 'revokeAll' | 'keys'>
}

/** What an operator's process is called in the history. */
const OPERATOR = 'operator'

/** Lets one planned thing happen, and resolves when all is well again. */
export function createFaults(parts: FaultParts): (planned: Planned) => Promise<void> {
  const { store, fleet, outages, recorder, people, complaints, chances, operator } = parts

  const note = (what: 'cut' | 'healed', nodes: readonly Node[]): void => {
    for (const node of nodes) recorder.note({ what, node: nameOf(node), at: performance.now() })
  }

  function unlessHeldUp(from: number, what: string): void {
    if (!outages.wasHeldUp(from, performance.now())) complaints.add('recovery', what)
  }

  async function recovered(nodes: readonly Node[]): Promise<void> {
    const from = performance.now()
    await Promise.all(
      nodes.map(async (node) => {
        try {
          recorder.note({
            what: 'reconnected',
            node: nameOf(node),
            at: await readyAt(node, RECOVERED_WITHIN_MS),
          })
        } catch (cause) {
          unlessHeldUp(from, `${nameOf(node)}: ${String(cause)}`)
          recorder.note({ what: 'reconnected', node: nameOf(node), at: performance.now() })
        }
      }),
    )
  }

  async function storeAway(away: () => Promise<void>, lastsMs: number, back: () => Promise<void>) {
    const over = outages.begin()
    note('cut', fleet.up())
    await away()
    await sleep(lastsMs)
    await back()
    note('healed', fleet.up())
    await recovered(fleet.up())
    over()
  }

  /** Until the operator's process has recovered from what was before. */
  async function operated(work: () => Promise<unknown>): Promise<void> {
    const from = performance.now()
    const isReady = await until(() => operator.ready(), Boolean, RECOVERED_WITHIN_MS)
    if (!isReady) unlessHeldUp(from, 'the process of the operator is not ready')
    else await work()
  }

  return async ({ what, lastsMs }) => {
    switch (what) {
      case 'store killed':
        return storeAway(store.kill, lastsMs, () => {
          if (store.forgets) people.forgotten()
          return store.restart()
        })
      case 'store stopped':
        return storeAway(store.pause, lastsMs, store.resume)
      case 'node killed': {
        const node = fleet.victim()
        const over = outages.begin(nameOf(node))
        fleet.down(node)
        fleet.kill()
        await sleep(lastsMs)
        return fleet.replace().then(fleet.back).finally(over)
      }
      case 'node stopped': {
        const all = fleet.up()
        const node = all[chances.below(all.length)]
        if (node === undefined) return
        const over = outages.begin(nameOf(node))
        fleet.down(node)
        try {
          process.kill(node.process.pid, 'SIGSTOP')
          note('cut', [node])
          await sleep(lastsMs)
          process.kill(node.process.pid, 'SIGCONT')
          note('healed', [node])
          await recovered([node])
        } finally {
          over()
          fleet.back(node)
        }
        return
      }
      case 'keys rotated':
        return operated(() => operator.keys.rotate())
      case 'everybody signed out':
        return operated(async () => {
          const from = performance.now()
          const ending = people.endAll()
          const isDone = await operator.revokeAll().then(
            () => true,
            () => false,
          )
          const at = performance.now()
          for (const { id } of ending.sessions)
            recorder.note(
              isDone
                ? { what: 'revoked', session: id, node: OPERATOR, at }
                : { what: 'doubted', session: id },
            )
          ending.done(isDone ? at : undefined)
          if (!isDone) unlessHeldUp(from, 'the operator could not sign everybody out')
        })
    }
  }
}
