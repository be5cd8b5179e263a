import { setTimeout as sleep } from 'node:timers/promises'
import { guess, hangUp, hangUpInTheMiddle, sendBad, signInAndForget, steal } from './attacks.ts'
import type { Action, Scene } from './scene.ts'
import { createStreams } from './streams.ts'
import {
  introspect,
  listSessions,
  loseAnswer,
  refreshEverywhere,
  refreshOnce,
  signIn,
  signOut,
  signOutEverywhere,
  stepUp,
  visit,
  visitEnded,
  visitEverywhere,
} from './visits.ts'

/** What clients do until they are told to stop. */
export interface Traffic {
  /** How often each thing was done, and how often there was no room for anything. */
  readonly counts: ReadonlyMap<string, number>
  /** Resolves when all that was begun is over. */
  stop(): Promise<void>
}

/** Of these nothing more is begun, as where a node is stopped for a while. */
const MOST_AT_ONCE = 100

/** @param rate actions in a second; some are several requests */
export function startTraffic(scene: Scene, rate: number): Traffic {
  const { chances, complaints } = scene
  const streams = createStreams()
  const kinds: readonly { readonly name: string; readonly weight: number; readonly action: Action }[] = [
    { name: 'visits', weight: 300, action: visit },
    { name: 'visits everywhere', weight: 60, action: visitEverywhere },
    { name: 'visits of ended sessions', weight: 120, action: visitEnded },
    { name: 'sign-ins', weight: 60, action: signIn },
    { name: 'sign-ins and away', weight: 10, action: signInAndForget },
    { name: 'refreshes', weight: 120, action: refreshOnce },
    { name: 'refreshes everywhere', weight: 20, action: refreshEverywhere },
    { name: 'lost answers', weight: 30, action: loseAnswer },
    { name: 'lists', weight: 30, action: listSessions },
    { name: 'introspections', weight: 40, action: introspect },
    { name: 'step-ups', weight: 10, action: stepUp },
    { name: 'streams', weight: 10, action: streams.open },
    { name: 'sign-outs', weight: 30, action: signOut },
    { name: 'sign-outs everywhere', weight: 6, action: signOutEverywhere },
    { name: 'thefts', weight: 10, action: steal },
    { name: 'guesses', weight: 6, action: guess },
    { name: 'bad requests', weight: 80, action: sendBad },
    { name: 'hang-ups', weight: 30, action: hangUp },
    { name: 'hang-ups at a refresh', weight: 5, action: hangUpInTheMiddle },
  ]
  const total = kinds.reduce((sum, { weight }) => sum + weight, 0)
  const counts = new Map<string, number>()
  const underWay = new Set<Promise<void>>()
  const count = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1)

  function begin(): void {
    if (underWay.size >= MOST_AT_ONCE) {
      count('(no room)')
      return
    }
    let drawn = chances.below(total)
    const kind = kinds.find(({ weight }) => {
      drawn -= weight
      return drawn < 0
    })
    if (kind === undefined) return
    count(kind.name)
    const done: Promise<void> = kind
      .action(scene)
      .catch((cause) => complaints.add('soak', `${kind.name}: ${String(cause)}`))
      .finally(() => underWay.delete(done))
    underWay.add(done)
  }

  let going = true
  const loop = (async () => {
    const startedAt = performance.now()
    for (let begun = 0; going; await sleep(1000 / rate))
      for (const due = ((performance.now() - startedAt) / 1000) * rate; begun < due; begun++) begin()
  })()
  return {
    counts,
    async stop() {
      going = false
      await loop
      streams.close()
      await Promise.all(underWay)
    },
  }
}
