/** Somebody to whom signals are sent, and how (SSF 1.0, section 8.1.1). */
export interface Stream {
  /** Names the stream to its receiver, and the receiver to the outbox. */
  readonly id: string
  readonly audience: string | readonly string[]
  /** The types of events that it gets. */
  readonly events: ReadonlySet<string>
  /** Where its events are pushed; `undefined`: it comes and asks. */
  readonly push: PushEndpoint | undefined
  /** The user of this deployment who may read and verify it with a token; `undefined`: nobody. */
  readonly reader: string | undefined
}

export interface PushEndpoint {
  readonly url: string
  /** The value of the `Authorization` header; `undefined`: there is none. */
  readonly authorization: string | undefined
  /** How long the receiver may take, in milliseconds. */
  readonly timeoutMs: number
}

/** RFC 8935 and RFC 8936. */
export const PUSH_METHOD = 'urn:ietf:rfc:8935'
export const POLL_METHOD = 'urn:ietf:rfc:8936'
