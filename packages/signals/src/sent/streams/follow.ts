import type { Documents, Outbox, Subscription } from '@sallyport/core/adapter'
import type { Waits } from '../../waits.ts'
import { KINDS } from '../message.ts'
import { outboxName } from '../stream.ts'
import { documentOf, type ManagingReceiver, recordsIn, type StreamRecord } from './record.ts'

/** Within this time each process knows what was set up at another. */
const LOOK_EVERY_MS = 1500

/** Makes this process send what the streams of receivers ask for, whichever process they were set up at. */
export interface Following {
  /** The subscription of a stream, also of one that is about to be set up. */
  subscriptionOf(id: string): Subscription
  /** The version of a receiver's document that is known now. */
  versionOf(receiver: ManagingReceiver): number
  /**
   * A document was read, or written.
   *
   * @param since the version that was known when that began
   */
  take(receiver: ManagingReceiver, version: number, records: readonly StreamRecord[], since: number): void
  /** A stream that was about to be set up may never have been. If not, it is dropped as soon as that is known. */
  doubt(receiver: ManagingReceiver, id: string): void
  /** Begins to look for what other processes have set up. */
  start(): void
}

export interface FollowingParts {
  readonly receivers: readonly ManagingReceiver[]
  readonly documents: Documents
  readonly outbox: Pick<Outbox, 'subscribe'>
  /** Starts to push to a stream. */
  readonly send: (subscription: Subscription, receiver: ManagingReceiver, id: string) => void
  readonly waits: Waits
}

/** What this process does with the messages of a stream. */
type Place = 'sent' | 'held' | 'unwanted'

function placeOf({ push, status, isUntold }: StreamRecord): Place {
  // Of a disabled one that is pushed to, the messages are dropped at once.
  if (push !== undefined && (status !== 'paused' || isUntold === true)) return 'sent'
  return status === 'disabled' && isUntold !== true ? 'unwanted' : 'held'
}

interface Known {
  version: number
  /** An earlier version was read. If it is there the next time, too, the store has lost the later one. */
  isDoubted: boolean
  ids: ReadonlySet<string>
}

export function createFollowing({ receivers, documents, outbox, send, waits }: FollowingParts): Following {
  const subscriptions = new Map<string, Subscription>()
  const places = new Map<string, Place>()
  const known = new Map<string, Known>(
    receivers.map(({ name }) => [name, { version: 0, isDoubted: false, ids: new Set() }]),
  )

  function subscriptionOf(id: string): Subscription {
    const there = subscriptions.get(id)
    if (there !== undefined) return there
    const made = outbox.subscribe(outboxName(id), KINDS)
    subscriptions.set(id, made)
    return made
  }

  function drop(id: string): void {
    subscriptions.get(id)?.end()
    subscriptions.delete(id)
    places.delete(id)
  }

  function apply(receiver: ManagingReceiver, record: StreamRecord): void {
    const { id } = record
    const subscription = subscriptionOf(id)
    const place = placeOf(record)
    if (place === (places.get(id) ?? 'held')) return
    places.set(id, place)
    if (place === 'sent') send(subscription, receiver, id)
    else if (place === 'held') subscription.hold()
    else subscription.rest()
  }

  function doubt({ name }: ManagingReceiver, id: string): void {
    const state = known.get(name)
    if (state !== undefined) state.ids = new Set([...state.ids, id])
  }

  const versionOf = ({ name }: ManagingReceiver): number => known.get(name)?.version ?? 0

  function take(
    receiver: ManagingReceiver,
    version: number,
    records: readonly StreamRecord[],
    since: number,
  ): void {
    const state = known.get(receiver.name)
    if (state === undefined) return
    // An answer that was on its way while somebody made a later version says nothing about the store.
    if (version < state.version && version >= since) return
    const ids = new Set(records.map(({ id }) => id))
    // A store that has lost everything counts anew, so the same version may be another one.
    const isKnown =
      version === state.version && ids.size === state.ids.size && [...ids].every((id) => state.ids.has(id))
    if (isKnown) {
      state.isDoubted = false
      return
    }
    if (version < state.version && !state.isDoubted) {
      state.isDoubted = true
      return
    }
    for (const id of state.ids) if (!ids.has(id)) drop(id)
    for (const record of records) apply(receiver, record)
    Object.assign(state, { version, isDoubted: false, ids })
  }

  async function look(): Promise<void> {
    const since = new Map(receivers.map((receiver) => [receiver, versionOf(receiver)]))
    const reading = await documents.read(receivers.map(documentOf))
    if (reading.kind === 'unavailable') return
    for (const receiver of receivers) {
      const document = reading.documents.get(documentOf(receiver))
      if (document === undefined) continue
      take(receiver, document.version, recordsIn(document.body), since.get(receiver) ?? 0)
    }
  }

  async function run(): Promise<void> {
    while (!waits.isOver()) {
      await look()
      await waits.wait(LOOK_EVERY_MS)
    }
  }

  return { subscriptionOf, versionOf, take, doubt, start: () => void run() }
}
