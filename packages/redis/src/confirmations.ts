import { type Confirmation, type SessionStore, tagOfSession } from '@sallyport/core/store'
import { ownBytes } from './codec.ts'
import type { Commands } from './commands.ts'
import type { Layout } from './layout.ts'

/** Notes which generations were seen in use. */
export interface Confirmations {
  add: SessionStore['confirm']
  /** Sends what waits, so that a step sent behind it finds it done. */
  flush(): void
}

/** The first goes at once; those that follow within this time go together. */
const TOGETHER_MS = 5
const MAX_TOGETHER = 500

type Outcome = Awaited<ReturnType<SessionStore['confirm']>>

interface Batch {
  readonly confirmations: Confirmation[]
  readonly sent: Promise<Outcome>
  send(): void
}

/**
 * A command costs this process as much as the verification of a token, and a token is confirmed when it is
 * seen for the first time: so where there are many, they share commands. On a Cluster those of one shard do.
 */
export function createConfirmations(commands: Commands, layout: Layout, isCluster: boolean): Confirmations {
  const waiting = new Map<number, Batch>()
  const restingUntil = new Map<number, number>()

  async function send(group: number, confirmations: readonly Confirmation[]): Promise<Outcome> {
    const keys = confirmations.map(({ id }) => layout.user(tagOfSession(id)))
    const args = confirmations.flatMap(({ id, generation }) => [ownBytes(id), generation])
    const answer = await commands.run('confirm', group, keys, args)
    return answer.kind === 'unavailable' ? answer : { kind: 'noted' }
  }

  function begin(group: number): Batch {
    const confirmations: Confirmation[] = []
    const { promise, resolve } = deferred<Outcome>()
    const timer = setTimeout(flushGroup, TOGETHER_MS, group).unref()
    return {
      confirmations,
      sent: promise,
      send() {
        clearTimeout(timer)
        resolve(send(group, confirmations))
      },
    }
  }

  function flushGroup(group: number): void {
    const batch = waiting.get(group)
    if (batch === undefined) return
    waiting.delete(group)
    restingUntil.set(group, performance.now() + TOGETHER_MS)
    batch.send()
  }

  return {
    add(confirmation) {
      const group = isCluster ? layout.shardOfSession(confirmation.id) : 0
      const batch = waiting.get(group)
      if (batch === undefined && performance.now() >= (restingUntil.get(group) ?? 0)) {
        restingUntil.set(group, performance.now() + TOGETHER_MS)
        return send(group, [confirmation])
      }
      const joined = batch ?? begin(group)
      waiting.set(group, joined)
      joined.confirmations.push(confirmation)
      if (joined.confirmations.length >= MAX_TOGETHER) flushGroup(group)
      return joined.sent
    },
    flush() {
      for (const group of [...waiting.keys()]) flushGroup(group)
    },
  }
}

function deferred<T>(): { readonly promise: Promise<T>; resolve(value: Promise<T>): void } {
  let resolve: (value: Promise<T>) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
