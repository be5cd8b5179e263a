import { safe } from '../../terminal/safe.ts'
import { tableOf } from '../../terminal/table.ts'
import type { Check } from './checks.ts'
import type { Decoded } from './decode.ts'
import type { Inspection } from './inspection.ts'
import { type Explained, explainClaims, explainHeader } from './meanings.ts'

const STATES: Readonly<Record<Check['state'], string>> = {
  passed: 'passed',
  failed: 'FAILED',
  not_reached: 'not reached',
  needs_sender: 'needs the sender',
}

/** The claims and the checks, and the verdict behind them, where it is read first on a terminal. */
export function describe(inspection: Inspection): string {
  const { decoded, checks } = inspection
  const tables = [
    decoded === undefined ? 'The token is opaque or encrypted, or no token at all.\n' : tablesOf(decoded),
    ...(checks.length === 0 ? [] : [tableOfChecks(checks)]),
  ]
  return `${tables.join('\n')}\n${verdictOf(inspection)}\n`
}

function tablesOf({ header, claims }: Decoded): string {
  const shown = [...explainHeader(header), ...explainClaims(claims)]
  return tableOf(
    ['MEMBER', 'VALUE', 'MEANING'],
    shown.map(({ name, value, meaning }: Explained) => [name, value, meaning]),
  )
}

function tableOfChecks(checks: readonly Check[]): string {
  return tableOf(
    ['CHECK', 'RESULT', 'PASSED IF'],
    checks.map(({ name, state, asks }) => [name, STATES[state], asks]),
  )
}

function verdictOf({ verdict, problem, reason }: Inspection): string {
  const why = safe(reason === undefined || reason === problem ? problem : `${problem}, ${reason}`)
  switch (verdict) {
    case 'valid':
      return 'The token is good.'
    case 'bound':
      return `The token is bound: it is good only from whoever proves to be its holder (${why}).`
    case 'refused':
      return `THE TOKEN IS REFUSED: ${why}.`
    case 'unknown':
      return `NOT KNOWN: what would have to be asked does not answer (${why}).`
    case 'not_verified':
      return 'NOTHING HERE WAS VERIFIED: anybody can have written this.'
  }
}
