import { createClaimGuards, type RequireClaim } from './claim.ts'
import { type Freshness, freshGuard } from './fresh.ts'
import type { Guard } from './guard.ts'
import { createPolicyGuards, type PolicyParts, type RequirePolicy } from './policy/require.ts'
import { type RiskReader, riskGuard } from './risk.ts'
import { roleGuard } from './role.ts'
import { scopeGuard } from './scope.ts'

/** The library's own guards. Each becomes a method of every framework's Sallyport, by its name here. */
export interface Guards {
  /**
   * Lets a caller through only if the token has all of the scopes; otherwise answers 403. Goes behind `authMiddleware`.
   */
  readonly requireScope: (...scopes: string[]) => Guard
  /**
   * Lets a caller through only if the risk of the session is lower than the score, 1 to 100; otherwise answers 403
   * (`risk_too_high`), also callers of another issuer. Asks the store on each request, and answers 503 while it is away.
   * Throws a `ConfigError` without the option `anomalies`. Goes behind `authMiddleware`.
   */
  readonly requireRiskBelow: (score: number) => Guard
  /**
   * Lets a caller through only if the user has authenticated recently or strongly enough; otherwise answers 401
   * (`insufficient_user_authentication`) and says what would suffice. Call `stepUp` once the user has authenticated anew.
   * Goes behind `authMiddleware`.
   *
   * @see [RFC 9470](https://www.rfc-editor.org/rfc/rfc9470.html)
   */
  readonly requireFresh: (freshness: Freshness) => Guard
  /**
   * Lets a caller through only if the token has at least one of the roles, in its claim `roles` (RFC 9068, section
   * 2.2.3.1); otherwise answers 403. For several roles at once, write several of these. If the route takes tokens of
   * another issuer, that issuer alone decides which roles they name. Goes behind `authMiddleware`.
   */
  readonly requireRole: (...roles: string[]) => Guard
  /**
   * Lets a caller through only if the token has the claim, and it is equal to the value, or the function returns `true`
   * for it; otherwise answers 403. By the same guard, `getAuth` types the claim: `getAuth(req, guard).claims`. If the
   * route takes tokens of another issuer, that issuer alone decides what they claim. Goes behind `authMiddleware`.
   */
  readonly requireClaim: RequireClaim<Guard>
  /**
   * Lets a caller through only if the policy engine of the option `policies` permits the action on the resource;
   * otherwise answers 403, or 503 (`policy_unavailable`) if the engine does not decide. Tells each decision as
   * `policy.permitted` or `policy.denied`. Throws a `ConfigError` without the option `policies`. Goes behind `authMiddleware`.
   *
   * The action is a name such as `document:edit`. The resource is what it is about; or a function, maybe asynchronous,
   * that finds it for the request. If that function returns `undefined`, because there is no such resource, the answer is
   * 403; if it throws or rejects, 503. It has no time limit.
   */
  readonly requirePolicy: RequirePolicy
}

export interface GuardParts extends PolicyParts {
  /** `undefined` if nothing looks for anomalies. */
  readonly risk: RiskReader | undefined
}

export function createGuards(parts: GuardParts): Guards {
  return {
    requireScope: scopeGuard,
    requireRiskBelow: (score) => riskGuard(parts.risk, score),
    requireFresh: (freshness) => freshGuard(parts.risk, freshness),
    requireRole: roleGuard,
    requireClaim: createClaimGuards(parts.callbacks),
    requirePolicy: createPolicyGuards(parts),
  }
}

/** The same guards in a framework, where each makes what the framework mounts. */
export type GuardMethods<Check> = {
  readonly [Name in keyof Guards]: Name extends 'requireClaim'
    ? RequireClaim<Check>
    : (...args: Parameters<Guards[Name]>) => Check
}
