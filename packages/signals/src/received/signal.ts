import type { Subject } from './subject.ts'

/** A signal that arrived, as the application is told of it. */
export interface Signal {
  /** Who sent it. */
  readonly issuer: string
  /** The `jti` of its token. */
  readonly id: string
  /** The URI of the type of the event, such as `https://schemas.openid.net/secevent/caep/event-type/session-revoked`. */
  readonly type: string
  /** What the event says besides, such as `reason_admin` or the `state` of a verification. Any strings may be in it. */
  readonly claims: Readonly<Record<string, unknown>>
  /** The user of this deployment whom it is about; `undefined` if that is not known. */
  readonly subject: string | undefined
  /** The session of this deployment that it names; `undefined` if it names none. */
  readonly session: string | undefined
  /** Whom it is about in the words of the sender; `undefined` if it is about nobody. */
  readonly about: Subject | undefined
  /** When it happened, in milliseconds since the epoch; `undefined` if it does not say so. */
  readonly happenedAt: number | undefined
  /** Whether it came before. A sender repeats what it has no answer to. */
  readonly repeated: boolean
}

/**
 * What the application makes of a signal: `ignore` leaves everything to it, and `invalid_state` refuses a verification
 * whose `state` is not the expected one. Otherwise the signal does what it says.
 */
export type SignalVerdict = 'ignore' | 'invalid_state' | undefined

/** Is told of every signal whose type is known, before it does anything. */
export type OnSignal = (signal: Signal) => SignalVerdict | PromiseLike<SignalVerdict>
