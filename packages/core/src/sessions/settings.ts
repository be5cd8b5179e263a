import type { Lifetimes } from '../ports/lifetimes.ts'
import type { Rotation } from '../ports/steps/rotating.ts'

/** The parsed options `refresh`, `limits` and `clients`. See {@link Rotation} for those that have no comment. */
export interface SessionSettings {
  readonly lifetimes: Lifetimes
  readonly graceMs: number
  /** The most sessions of one subject. 0: no limit. */
  readonly sessionLimit: number
  readonly refreshLimit: Rotation['refreshLimit']
  readonly convergedLimit: number
  /** The most refreshes of one subject at once in this process. 0: no limit. */
  readonly refreshesAtOnce: number
  /** The `client_id` of sessions whose sign-in names none, by transport. */
  readonly clients: { readonly cookie: string; readonly body: string }
}
