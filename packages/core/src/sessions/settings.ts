import type { Lifetimes } from '../ports/sessions.ts'

/** How sessions live: the parsed options `refresh`, `limits` and `clients`. */
export interface SessionSettings {
  readonly lifetimes: Lifetimes
  readonly graceMs: number
  readonly recoverLost: boolean
  /** 0: no limit. */
  readonly sessionLimit: number
  readonly refreshLimit: { readonly count: number; readonly windowMs: number }
  readonly convergedLimit: number
  /** The `client_id` of sessions whose sign-in names none, by transport. */
  readonly clients: { readonly cookie: string; readonly body: string }
  /** An access token lives this long, but not beyond its session. */
  readonly accessSeconds: number
}
