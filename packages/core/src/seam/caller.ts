import { printable } from '../printable.ts'
import type { RequestView } from './http.ts'
import { canonicalIp } from './ip.ts'

const MAX_USER_AGENT = 255

/** The part of a request that identifies who sent it. */
export type Sender = Pick<RequestView, 'ip' | 'headers'>

/** Who sent a request, in the form that events have. */
export interface Caller {
  readonly ip?: string
  readonly user_agent?: string
}

/** What opening or refreshing a session needs to know about the request. */
export interface Visit {
  readonly caller: Caller
  /** The User-Agent as it was sent, by which the device is recognised. */
  readonly userAgent: string | undefined
  /** The `Idempotency-Key`, by which a repeated refresh is recognised. */
  readonly retryKey: string | undefined
}

export function callerOf(sender: Sender): Caller {
  const caller: { ip?: string; user_agent?: string } = {}
  const ip = canonicalIp(sender.ip)
  if (ip !== undefined) caller.ip = ip
  const agent = userAgentOf(sender)
  if (agent !== undefined) caller.user_agent = printable(agent, MAX_USER_AGENT)
  return caller
}

/** What a request says of itself; `undefined` if its `Idempotency-Key` is malformed. */
export function visitOf(sender: Sender): Visit | undefined {
  const sent = sender.headers['idempotency-key']
  const retryKey = sent === undefined ? undefined : retryKeyIn(sent)
  if (sent !== undefined && retryKey === undefined) return undefined
  return { caller: callerOf(sender), userAgent: userAgentOf(sender), retryKey }
}

/** A key as it is, or as a string of structured fields (RFC 9651, section 3.3.3). Both spell the same key. */
const RETRY_KEY = /^(?:"([\w-]{16,64})"|([\w-]{16,64}))$/

/** Repeated headers arrive joined by a comma, which no key has. */
function retryKeyIn(sent: string | readonly string[]): string | undefined {
  const [, quoted, bare] = typeof sent === 'string' ? (RETRY_KEY.exec(sent) ?? []) : []
  return quoted ?? bare
}

function userAgentOf({ headers }: Sender): string | undefined {
  const agent = headers['user-agent']
  return typeof agent === 'string' ? agent : undefined
}
