import { UnavailableError } from '@sallyport/core'
import { deliveredBy, type Stream, type StreamStatus } from '../stream.ts'
import type { ManagingReceiver } from './record.ts'
import type { Streams } from './streams.ts'

/** A stream that a receiver has set up. */
export interface StreamInfo {
  readonly id: string
  /** The name of the receiver. */
  readonly receiver: string
  /** Where its tokens are pushed; missing: it polls. */
  readonly url?: string
  /** The types of events that it gets. */
  readonly events: readonly string[]
  readonly status: StreamStatus
  readonly reason?: string
  readonly description?: string
}

/** What an operator may do with the streams that receivers have set up. */
export interface OperatorStreams {
  /** All of them. Rejects with an `UnavailableError` if the store is away. */
  list(): Promise<readonly StreamInfo[]>
  /**
   * Enables, pauses or disables a stream, and tells its receiver so (SSF 1.0, section 8.1.5). A receiver may set it back.
   * Resolves to whether there is such a stream, and rejects with an `UnavailableError` if the store is away; with a
   * `TypeError` for a wrong argument. If the store goes away meanwhile, the stream may have the status already without its
   * receiver being told: repeat the call.
   *
   * @param reason why, at most 255 characters
   */
  setStatus(id: string, status: StreamStatus, reason?: string): Promise<boolean>
}

const STATUSES: ReadonlySet<unknown> = new Set(['enabled', 'paused', 'disabled'])
const MAX_REASON_CHARS = 255

/** @param streams `undefined` if no receiver sets up any */
export function createOperatorStreams(
  receivers: readonly ManagingReceiver[],
  streams: Streams | undefined,
): OperatorStreams {
  async function all(): Promise<readonly { readonly receiver: ManagingReceiver; readonly stream: Stream }[]> {
    if (streams === undefined) return []
    const found = await Promise.all(
      receivers.map(async (receiver) => {
        const own = await streams.of(receiver)
        if (own.kind === 'unavailable') throw new UnavailableError()
        return own.streams.map((stream) => ({ receiver, stream }))
      }),
    )
    return found.flat()
  }

  return {
    list: async () => (await all()).map(({ receiver, stream }) => infoOf(receiver, stream)),
    async setStatus(id, status, reason) {
      if (!STATUSES.has(status))
        throw new TypeError('setStatus: "status" must be "enabled", "paused" or "disabled"')
      if (reason !== undefined && (typeof reason !== 'string' || reason.length > MAX_REASON_CHARS))
        throw new TypeError('setStatus: "reason" must be a text of at most 255 characters')
      const owner = (await all()).find(({ stream }) => stream.id === id)
      if (owner === undefined || streams === undefined) return false
      const set = await streams.setStatus(owner.receiver, id, status, reason, 'operator')
      if (set.kind === 'unavailable') throw new UnavailableError()
      return set.kind === 'done'
    },
  }
}

function infoOf({ name }: ManagingReceiver, stream: Stream): StreamInfo {
  const { id, push, status, reason, description } = stream
  return {
    ...{ id, receiver: name, events: deliveredBy(stream), status },
    ...(push === undefined ? {} : { url: push.url }),
    ...(reason === undefined ? {} : { reason }),
    ...(description === undefined ? {} : { description }),
  }
}
