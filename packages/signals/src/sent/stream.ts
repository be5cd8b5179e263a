export type StreamStatus = 'enabled' | 'paused' | 'disabled'

/** Somebody to whom signals are sent, and how (SSF 1.0, section 8.1.1). */
export interface Stream {
  /** Names the stream to its receiver, and the receiver to the outbox. */
  readonly id: string
  readonly audience: string | readonly string[]
  /** The types of events that it may get. */
  readonly supported: ReadonlySet<string>
  /** Those that it asked for; `undefined`: all of them. Some may be none that it may get. */
  readonly requested: readonly string[] | undefined
  /** Where its events are pushed; `undefined`: it comes and asks. */
  readonly push: PushEndpoint | undefined
  readonly description: string | undefined
  readonly status: StreamStatus
  /** Why it has this status, as whoever set it says. */
  readonly reason: string | undefined
  /** What happened before is not for it, in milliseconds since the epoch. */
  readonly since: number
  /** Whether the receiver is still to be told that the operator paused or disabled it. */
  readonly isUntold: boolean
  /** Names the message by which it is told. Missing in what earlier versions kept. */
  readonly update: string | undefined
  /** Who may read and verify it. */
  readonly owner: Owner
}

/** `reader`: the subject of this deployment whose token may read and verify the stream; `undefined`: nobody's. */
export type Owner =
  | { readonly kind: 'configured'; readonly reader: string | undefined }
  /** The receiver that set it up. */
  | { readonly kind: 'receiver'; readonly name: string }

export interface PushEndpoint {
  readonly url: string
  /** The value of the `Authorization` header. Missing: there is none. */
  readonly authorization?: string | undefined
  /** How long the receiver may take, in milliseconds. */
  readonly timeoutMs: number
}

/** RFC 8935 and RFC 8936. */
export const PUSH_METHOD = 'urn:ietf:rfc:8935'
export const POLL_METHOD = 'urn:ietf:rfc:8936'

/** The types of events that it gets: of those that it asked for, the ones that it may get. */
export function deliveredBy({ supported, requested }: Stream): readonly string[] {
  const asked = requested && new Set(requested)
  return [...supported].filter((type) => asked?.has(type) ?? true)
}

/** The name of a stream to the outbox. */
export function outboxName(id: string): string {
  return `signals:${id}`
}
