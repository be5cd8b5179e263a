import type { Check } from './checks.ts'
import type { Decoded } from './decode.ts'

/** What is found out about a token. */
export interface Inspection {
  /** `bound`: good, if whoever sends it proves to be its holder. */
  readonly verdict: 'valid' | 'bound' | 'refused' | 'unknown' | 'not_verified'
  /** The code of the refusal, and the finer reason that events tell. */
  readonly problem?: string
  readonly reason?: string
  /** `undefined` for an opaque or encrypted token. */
  readonly decoded: Decoded | undefined
  readonly checks: readonly Check[]
}
