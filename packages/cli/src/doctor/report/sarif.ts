import { isoInstant, jsonText } from '../../terminal/safe.ts'
import { type Catalogue, clauseNames, type Entry, type Finding, type Severity } from '../catalogue.ts'
import type { Report } from './report.ts'

/** What viewers of SARIF sort by, as GitHub code scanning reads it. */
const SECURITY: Readonly<Record<Severity, string>> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '2.5',
}
const LEVELS = { critical: 'error', high: 'error', medium: 'warning', low: 'note' } as const
/** A result must be somewhere. What is no line of the source is in the options. */
const OPTIONS = 'sallyport.config'

/**
 * The report as a SARIF log.
 *
 * @see [SARIF 2.1.0](https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html)
 */
export function sarifOf({ catalogue, findings, at, version }: Report): string {
  const rules = catalogue.findings.filter(({ id }) => findings.some((one) => one.id === id))
  const driver = {
    name: 'sallyport doctor',
    version,
    informationUri: 'https://github.com/sallyport/sallyport',
    rules: rules.map((entry) => ruleOf(catalogue, entry)),
  }
  const run = {
    tool: { driver },
    invocations: [{ executionSuccessful: true, endTimeUtc: isoInstant(at) }],
    columnKind: 'utf16CodeUnits',
    results: findings.map((finding) => resultOf(finding, rules)),
  }
  const $schema = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'
  return jsonText({ $schema, version: '2.1.0', runs: [run] }, 2)
}

function ruleOf(catalogue: Catalogue, entry: Entry): object {
  return {
    id: entry.id,
    shortDescription: { text: entry.title },
    fullDescription: { text: entry.why },
    help: { text: entry.mend },
    defaultConfiguration: { level: LEVELS[entry.severity] },
    properties: {
      'security-severity': SECURITY[entry.severity],
      tags: ['security', ...clauseNames(catalogue, entry)],
    },
  }
}

function resultOf({ id, severity, title, seen, place }: Finding, rules: readonly Entry[]): object {
  const uri = encodeURI((place?.file ?? OPTIONS).replaceAll('\\', '/'))
  return {
    ruleId: id,
    ruleIndex: rules.findIndex((one) => one.id === id),
    level: LEVELS[severity],
    message: { text: `${title}: ${seen}` },
    locations: [{ physicalLocation: { artifactLocation: { uri }, region: { startLine: place?.line ?? 1 } } }],
  }
}
