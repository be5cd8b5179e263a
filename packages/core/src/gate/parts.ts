import type { TokenCacheSettings } from '../access/token-cache.ts'
import type { Devices } from '../binding/device.ts'
import type { KeyRing } from '../keys/ring.ts'
import type { Clock, Random } from '../ports/clock.ts'
import type { Lifetimes } from '../ports/model.ts'
import type { Store } from '../ports/store.ts'
import type { Replica } from '../revocation/replica.ts'
import type { RequestView } from '../seam/http.ts'
import { canonicalIp } from '../seam/ip.ts'
import type { RefreshTokens } from '../sessions/refresh-token.ts'
import type { IssueSettings, IssueToken } from '../tokens/issue.ts'
import type { VerifyToken } from '../tokens/verify.ts'
import type { Emit } from '../watch/events.ts'
import type { RefreshCookie } from './cookies.ts'
import type { OriginSettings } from './csrf.ts'

export interface SessionSettings {
  readonly lifetimes: Lifetimes
  readonly graceMs: number
  readonly recoverLost: boolean
  readonly sessionLimit: number
  readonly refreshLimit: { readonly count: number; readonly windowMs: number }
  readonly convergedLimit: number
  /** The `client_id` of sessions whose sign-in names none. */
  readonly clients: { readonly cookie: string; readonly body: string }
}

/** Where routers are mounted, as far as others must know it. */
export interface PathSettings {
  /** Before `/token` and its like. */
  readonly auth: string
}

/** What the gate is made of; put together by `createSallyport`. */
export interface GateParts {
  readonly tokens: IssueSettings
  readonly issueToken: IssueToken
  readonly verifyToken: VerifyToken
  readonly tokenCache: TokenCacheSettings
  /** Before a signature is checked for a request: the seconds to wait, 0 to go on. */
  readonly signatureLimit: (view: RequestView) => number | Promise<number>
  readonly sessions: SessionSettings
  readonly origins: OriginSettings
  readonly paths: PathSettings
  readonly store: Store
  readonly ring: KeyRing
  readonly replica: Replica
  readonly devices: Devices
  readonly refreshTokens: RefreshTokens
  readonly cookie: RefreshCookie
  readonly emit: Emit
  readonly clock: Clock
  readonly random: Random
}

const MAX_USER_AGENT = 256
/** What a reader of the audit trail might take for a line or a colour. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu

/** Who sent a request, as events tell it. */
export interface Caller {
  readonly ip?: string
  readonly user_agent?: string
}

export function callerOf(view: RequestView): Caller {
  const caller: { ip?: string; user_agent?: string } = {}
  const ip = canonicalIp(view.ip)
  if (ip !== undefined) caller.ip = ip
  const agent = userAgentOf(view)
  if (agent !== undefined) caller.user_agent = agent.slice(0, MAX_USER_AGENT).replace(UNPRINTABLE, '?')
  return caller
}

export function userAgentOf(view: RequestView): string | undefined {
  const agent = view.headers['user-agent']
  return typeof agent === 'string' ? agent : undefined
}
