import { setTimeout as sleep } from 'node:timers/promises'
import { nameOf } from '../../faults/recorder.ts'
import { RECOVERED_WITHIN_MS, REFUSED_WITHIN_MS } from '../../faults/system.ts'
import { readEvents } from '../../support/event-reader.ts'
import { isGood } from './people.ts'
import type { Action, Scene } from './scene.ts'

const MOST_OPEN = 8
const LONGEST_MS = 15_000
const OPENED_WITHIN_MS = 10_000
/** What a busy machine may add. */
const SLACK_MS = 1000

/** Streams of events: opened, and left open for a while. */
export interface Streams {
  readonly open: Action
  /** Hangs up on all of them. */
  close(): void
}

export function createStreams(): Streams {
  const closing = new AbortController()
  let open = 0

  async function follow(scene: Scene): Promise<void> {
    const { people, fleet, outages, complaints, chances } = scene
    const session = people.borrow(isGood)
    if (session === undefined) return
    const { access, goodUntil } = session
    const node = fleet.any()
    const openedAt = performance.now()
    try {
      const stream = await Promise.race([
        readEvents(`${node.url}/auth/live`, access),
        sleep(OPENED_WITHIN_MS, undefined, { ref: false }),
      ])
      if (stream === undefined) throw new Error('no answer')
      people.giveBack(session)
      if (stream.status !== 200) {
        stream.hangUp()
        if (people.mayBeOver(session)) return
        throw new Error(`answered ${stream.status}`)
      }
      const leaving = sleep(chances.below(LONGEST_MS), undefined, { signal: closing.signal })
      await Promise.race([stream.complete, leaving.catch(() => {})])
      const now = performance.now()
      const isComplete = await Promise.race([stream.complete, Promise.resolve(undefined)])
      stream.hangUp()
      if (isComplete !== undefined) return
      const until = Math.min(goodUntil, session.endedAt ?? goodUntil) + REFUSED_WITHIN_MS + SLACK_MS
      if (now > until && !outages.excuse(nameOf(node), until - RECOVERED_WITHIN_MS, now))
        complaints.add('stream', `${nameOf(node)}: open ${Math.round(now - until)} ms after its end was due`)
    } catch (cause) {
      people.giveBack(session)
      if (!outages.excuse(nameOf(node), openedAt, performance.now()))
        complaints.add('stream', `${nameOf(node)}: ${String(cause)}`)
    }
  }

  return {
    async open(scene) {
      if (open >= MOST_OPEN || closing.signal.aborted) return
      open++
      await follow(scene).finally(() => open--)
    },
    close: () => closing.abort(),
  }
}
