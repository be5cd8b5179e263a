import type { RequestView } from './http.ts'
import { canonicalIp } from './ip.ts'

const MAX_USER_AGENT = 256
/** What a reader of the audit trail might take for a line break or a colour. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu

/** What of a request tells who sent it. */
export type Sender = Pick<RequestView, 'ip' | 'headers'>

/** Who sent a request, as events tell it. */
export interface Caller {
  readonly ip?: string
  readonly user_agent?: string
}

/** What opening or refreshing a session must know of the request. */
export interface Visit {
  readonly caller: Caller
  /** As it was sent; the device is recognised by it. */
  readonly userAgent: string | undefined
}

export function callerOf(sender: Sender): Caller {
  const caller: { ip?: string; user_agent?: string } = {}
  const ip = canonicalIp(sender.ip)
  if (ip !== undefined) caller.ip = ip
  const agent = userAgentOf(sender)
  if (agent !== undefined) caller.user_agent = agent.slice(0, MAX_USER_AGENT).replace(UNPRINTABLE, '?')
  return caller
}

export function visitOf(sender: Sender): Visit {
  return { caller: callerOf(sender), userAgent: userAgentOf(sender) }
}

function userAgentOf({ headers }: Sender): string | undefined {
  const agent = headers['user-agent']
  return typeof agent === 'string' ? agent : undefined
}
