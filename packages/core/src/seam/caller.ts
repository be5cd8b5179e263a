import { printable } from '../printable.ts'
import type { RequestView } from './http.ts'
import { canonicalIp } from './ip.ts'

const MAX_USER_AGENT = 255

/** The part of a request that identifies who sent it. */
export type Sender = Pick<RequestView, 'ip' | 'headers'> & Partial<Pick<RequestView, 'peer'>>

/** Where a request came from, and from which program, in the form that events have. */
export interface Address {
  readonly ip?: string | undefined
  readonly user_agent?: string | undefined
}

/** Who sent a request, and which request it was. */
export interface Caller extends Address {
  /**
   * The same in all events of one request: the trace id of its `traceparent`, or else its `X-Request-Id`, if that is well
   * formed; or else made here. A client can choose both headers, so the id says what belongs together and no more.
   */
  readonly request_id: string
}

/** Tells who sent requests. */
export interface Callers {
  of(sender: Sender): Caller
  /** The caller of something that no request caused, such as a call of the application. */
  unknown(): Caller
  /** The canonical form of an address; `undefined` if it is none. */
  addressOf(ip: string): string | undefined
}

/** What opening or refreshing a session needs to know about the request. */
export interface Visit {
  readonly caller: Caller
  /** The User-Agent as it was sent, by which the device is recognised. */
  readonly userAgent: string | undefined
  /** Every `Device-Signals` field as it was sent. */
  readonly signals: readonly string[]
  /** The `Idempotency-Key`, by which a repeated refresh is recognised. */
  readonly retryKey: string | undefined
}

export function ipOf({ ip }: Sender): string | undefined {
  return canonicalIp(ip)
}

export function printableAgentOf(sender: Sender): string | undefined {
  const agent = userAgentOf(sender)
  return agent === undefined ? undefined : printable(agent, MAX_USER_AGENT)
}

export function userAgentOf({ headers }: Sender): string | undefined {
  const agent = headers['user-agent']
  return typeof agent === 'string' ? agent : undefined
}
