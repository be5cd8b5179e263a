import { isoInstant, jsonText, safe } from '../../terminal/safe.ts'
import { tableOf } from '../../terminal/table.ts'
import { clauseNames } from '../catalogue.ts'
import { asideOf, countsOf, type Report } from './report.ts'

/** For a terminal: a table, and below it each finding with what to do. */
export function textOf(report: Report): string {
  const { catalogue, findings, examined } = report
  const looked = `Examined: ${examined.map(safe).join('; ')}.\n`
  const aside = asideOf(report)
  const last = aside === undefined ? '' : `${aside}\n`
  if (findings.length === 0) return `${looked}Nothing was found.\n${last}`
  const table = tableOf(
    ['SEVERITY', 'FINDING', 'SEEN'],
    findings.map(({ severity, id, seen }) => [severity, id, seen]),
  )
  const details = findings
    .filter(({ id }, index) => findings.findIndex((one) => one.id === id) === index)
    .map(
      (finding) =>
        `${finding.id}: ${finding.title}.\n  Why:   ${finding.why}\n  Mend:  ${finding.mend}\n  See:   ${clauseNames(catalogue, finding).join(', ')}\n`,
    )
  const counts = countsOf(report).map(([severity, count]) => `${count} ${severity}`)
  return `${looked}\n${table}\n${details.join('\n')}\n${counts.join(', ')}.\n${last}`
}

export function jsonOf({ findings, setAside, examined, at, version }: Report): string {
  const all = findings.map(({ id, severity, title, seen, option, place, why, mend, clauses }) => ({
    ...{ id, severity, title, seen, option: option ?? null, place: place ?? null },
    ...{ why, mend, clauses },
  }))
  const aside = [...new Set(setAside.map(({ id }) => id))]
  return jsonText({ examined_at: isoInstant(at), version, examined, findings: all, set_aside: aside }, 2)
}
