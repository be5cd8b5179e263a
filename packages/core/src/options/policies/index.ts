import * as v from 'valibot'
import type { PolicyEngine } from '../../guards/policy/engine.ts'
import type { PolicySettings } from '../../guards/policy/require.ts'
import { callable, type Entries, group, oneOf, type Room, room, wholeNumber } from '../values/schema.ts'

/** Authorization by policies. */
export interface WithPolicies {
  /** The policy engine that `requirePolicy` asks. Default: none. */
  readonly policies?: PoliciesOptions | undefined
}

export interface PoliciesOptions {
  /** Such as `cedar`, `cel`, `opa` or `cerbos` of `@sallyport/policies`. */
  readonly engine: PolicyEngine
  /**
   * Milliseconds that a promised decision may take before the request is refused with 503. Default 500; 10 to 30,000. It
   * does not limit an engine that decides without a promise.
   */
  readonly timeoutMs?: number | undefined
  /**
   * Which permits are events, `policy.permitted`: `all`, or `none`. Denials, and what could not be decided, always are.
   * Default `all`.
   */
  readonly permits?: 'all' | 'none' | undefined
}

export interface PoliciesSettings {
  /** `undefined`: there is no engine. */
  readonly policies: PolicySettings | undefined
}

const engineMessage = 'a policy engine, such as cedar(...) of @sallyport/policies'
const engine = v.pipe(
  callable<PolicyEngine>(engineMessage, 'decide'),
  v.check(({ name }) => typeof name === 'string', engineMessage),
)

const entries = {
  policies: v.optional(
    group({
      engine,
      timeoutMs: v.optional(wholeNumber(10, 30_000), 500),
      permits: v.optional(oneOf('all', 'none'), 'all'),
    }),
  ),
} satisfies Entries<WithPolicies>

export const policiesRoom: Room<PoliciesSettings> = room(entries, ({ policies }) => ({ policies }))
