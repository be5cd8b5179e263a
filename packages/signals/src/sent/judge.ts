import type { OutboxMessage, StatementContent } from '@sallyport/core/adapter'
import type { Unavailable } from '@sallyport/core/store'
import { STREAM_UPDATED } from '../events.ts'
import { contentOf, type SignalBody, saidBy } from './message.ts'
import { deliveredBy, type Stream } from './stream.ts'

/** A stream as it is now, for some messages. */
export interface StreamState {
  /** `undefined`: it is gone. */
  readonly stream: Stream | undefined
  /** Whether the receiver wants nothing about a user. */
  isUnwanted(subject: string | undefined): boolean
}

export type ReadStream = (
  messages: readonly OutboxMessage[],
) => Promise<({ readonly kind: 'read' } & StreamState) | Unavailable>

/** What becomes of a message on its way to a receiver. */
export type Verdict =
  | {
      readonly kind: 'send'
      readonly content: StatementContent & { readonly jti: string }
      /** Whether it tells the receiver of the status that the operator gave the stream last. */
      readonly tells: boolean
    }
  /** It is not for this receiver. */
  | { readonly kind: 'skip' }
  /** It waits until the stream is enabled. */
  | { readonly kind: 'hold' }

/** The one place where it is decided which receiver gets which message. */
export function judge(message: OutboxMessage, { stream, isUnwanted }: StreamState, issuer: string): Verdict {
  const said = saidBy(message)
  const isAbout = said?.stream
  if (stream === undefined || said === undefined || (isAbout !== undefined && isAbout !== stream.id))
    return SKIP
  // A receiver is told before its stream stops (SSF 1.0, section 8.1.5).
  const isUpdate = isAbout !== undefined && said.type === STREAM_UPDATED
  if (!isUpdate) {
    if (stream.status === 'disabled' || message.at < stream.since) return SKIP
    if (isAbout === undefined && !deliveredBy(stream).includes(said.type)) return SKIP
    if (isAbout === undefined && isUnwanted(message.subject)) return SKIP
    if (stream.status === 'paused') return { kind: 'hold' }
  }
  const tells = isUpdate && isLatest(said, stream)
  return { kind: 'send', content: contentOf(message, said, stream, issuer), tells }
}

function isLatest({ update, claims }: SignalBody, stream: Stream): boolean {
  // Earlier versions gave updates no names, and left those of others in the record.
  return update === undefined ? claims.status === stream.status : update === stream.update
}

const SKIP = { kind: 'skip' } as const

/** The state of a stream that never changes, and gets what concerns anybody. */
export function unchanging(stream: Stream): ReadStream {
  const state = { kind: 'read', stream, isUnwanted: () => false } as const
  return () => Promise.resolve(state)
}
