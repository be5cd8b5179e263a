import { type Freshness, freshGuard } from './fresh.ts'
import type { Guard } from './guard.ts'
import { type RiskReader, riskGuard } from './risk.ts'
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
}

/** @param risk `undefined` if nothing looks for anomalies */
export function createGuards(risk: RiskReader | undefined): Guards {
  return {
    requireScope: scopeGuard,
    requireRiskBelow: (score) => riskGuard(risk, score),
    requireFresh: (freshness) => freshGuard(risk, freshness),
  }
}

/** The same guards in a framework, where each makes what the framework mounts. */
export type GuardMethods<Check> = {
  readonly [Name in keyof Guards]: (...args: Parameters<Guards[Name]>) => Check
}
