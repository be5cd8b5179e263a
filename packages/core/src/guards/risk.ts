import { ConfigError } from '../errors.ts'
import type { Unavailable } from '../ports/outcome.ts'
import type { Guard, GuardVerdict } from './guard.ts'

/** Tells the risk of a session, 0 to 100. */
export interface RiskReader {
  of(session: string): Promise<{ readonly kind: 'read'; readonly score: number } | Unavailable>
}

const NAME = 'requireRiskBelow'
const NOT_OURS: GuardVerdict = { kind: 'refuse', problem: 'access_denied' }
const TOO_HIGH: GuardVerdict = { kind: 'refuse', problem: 'risk_too_high' }
const UNKNOWN: GuardVerdict = { kind: 'refuse', problem: 'store_unavailable' }

/**
 * Passes callers whose session has a lower risk. Throws a `TypeError` for what is no score, and a `ConfigError` if
 * nothing looks for anomalies.
 */
export function riskGuard(risk: RiskReader | undefined, score: number): Guard {
  const limit = scoreOf(NAME, score)
  const readRisk = riskOf(NAME, risk)
  return async ({ own, session }) => {
    if (!own || session === undefined) return NOT_OURS
    const outcome = await readRisk(session)
    if (outcome.kind === 'unavailable') return UNKNOWN
    return outcome.score < limit ? { kind: 'pass' } : TOO_HIGH
  }
}

/** Throws a `TypeError` for what is no score. */
export function scoreOf(guard: string, score: number): number {
  if (!Number.isInteger(score) || score < 1 || score > 100)
    throw new TypeError(`${guard}: the score must be a whole number from 1 to 100`)
  return score
}

/** Throws a `ConfigError` if nothing looks for anomalies. */
export function riskOf(guard: string, risk: RiskReader | undefined): RiskReader['of'] {
  if (risk === undefined)
    throw new ConfigError('anomalies', {
      sentence: `${guard} needs the option "anomalies", such as anomalies: {}`,
    })
  return (session) => risk.of(session)
}
