import { type Catalogue, type Finding, type Severity, severities } from '../catalogue.ts'

/** What an examination came to. */
export interface Report {
  readonly catalogue: Catalogue
  readonly findings: readonly Finding[]
  /** What would be a finding if this were production. */
  readonly setAside: readonly Finding[]
  /** What was looked at, in words: the options, the store, the answers of an address, a folder. */
  readonly examined: readonly string[]
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly version: string
}

export function countsOf({ findings }: Report): readonly (readonly [severity: Severity, count: number])[] {
  return severities.map((severity) => [severity, findings.filter((one) => one.severity === severity).length])
}

/** Whether something was found that is at least as bad as this. */
export function isAtLeast(findings: readonly Finding[], severity: Severity): boolean {
  return findings.some((one) => severities.indexOf(one.severity) <= severities.indexOf(severity))
}

/** Says what was set aside; `undefined` if nothing was. */
export function asideOf({ setAside }: Report): string | undefined {
  if (setAside.length === 0) return undefined
  const ids = [...new Set(setAside.map(({ id }) => id))]
  return `Set aside, since the options have production: false and the address is a loopback one: ${ids.join(', ')}. With --production they count.`
}
