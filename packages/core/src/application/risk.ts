import { ConfigError, UnavailableError } from '../errors.ts'
import type { Risk } from '../watch/alerts/risk.ts'
import { identifier } from './arguments.ts'

/** How suspicious sessions are: the sum of the points of the rules that found something within a day. */
export interface RiskCalls {
  /**
   * The risk of a session: 0 to 100. A session that is not known has none. Rejects with an `UnavailableError` while the
   * store does not answer, with a `ConfigError` without the option `anomalies`, and with a `TypeError` for an id that is
   * not a string of 1 to 255 characters.
   */
  of(session: string): Promise<number>
}

/** @param risk `undefined` if nothing looks for anomalies */
export function createRiskCalls(risk: Risk | undefined): RiskCalls {
  return {
    async of(session) {
      identifier('session', session)
      if (risk === undefined)
        throw new ConfigError('anomalies', {
          sentence: 'the risk of sessions needs the option "anomalies", such as anomalies: {}',
        })
      const outcome = await risk.of(session)
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      return outcome.score
    },
  }
}
