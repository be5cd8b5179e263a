import { type Confirmation, type SessionStore, tagOfSession } from '@sallyport/core/store'
import type { Commands } from './commands.ts'
import { fieldOf } from './fields.ts'
import type { Layout } from './layout.ts'

/** Records which generations of refresh tokens were seen in use. */
export interface Confirmations {
  add: SessionStore['confirm']
  /** Sends whatever waits, so that the server handles it before any step sent after it. */
  flush(): void
}

/** The first confirmation is sent at once. Those that follow within this time are sent together. */
const BATCH_MS = 5
const MAX_BATCH = 500

type Outcome = Awaited<ReturnType<SessionStore['confirm']>>

interface Batch {
  readonly confirmations: Confirmation[]
  readonly sent: Promise<Outcome>
  send(): void
}

/**
 * Every token is confirmed when it is first seen, and a command costs this process as much as the verification of a
 * token. So confirmations that come close together share a command; on a Cluster, those of the same shard do.
 */
export function createConfirmations(commands: Commands, layout: Layout, isCluster: boolean): Confirmations {
  const waiting = new Map<number, Batch>()
  const restingUntil = new Map<number, number>()

  async function send(group: number, confirmations: readonly Confirmation[]): Promise<Outcome> {
    const keys = confirmations.map(({ id }) => layout.user(tagOfSession(id)))
    const args = confirmations.flatMap(({ id, generation }) => [fieldOf(id), generation])
    const answer = await commands.run('confirm', group, keys, args)
    return answer.kind === 'unavailable' ? answer : { kind: 'noted' }
  }

  function startBatch(group: number): Batch {
    const confirmations: Confirmation[] = []
    const { promise, resolve } = deferred<Outcome>()
    const timer = setTimeout(flushGroup, BATCH_MS, group).unref()
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
    restingUntil.set(group, performance.now() + BATCH_MS)
    batch.send()
  }

  return {
    add(confirmation) {
      const group = isCluster ? layout.shardOfSession(confirmation.id) : 0
      const batch = waiting.get(group)
      if (batch === undefined && performance.now() >= (restingUntil.get(group) ?? 0)) {
        restingUntil.set(group, performance.now() + BATCH_MS)
        return send(group, [confirmation])
      }
      const joined = batch ?? startBatch(group)
      waiting.set(group, joined)
      joined.confirmations.push(confirmation)
      if (joined.confirmations.length >= MAX_BATCH) flushGroup(group)
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
