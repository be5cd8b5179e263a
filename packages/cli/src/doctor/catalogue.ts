import { readFileSync } from 'node:fs'

/** Worst first. */
export const severities = ['critical', 'high', 'medium', 'low'] as const
export type Severity = (typeof severities)[number]

/** The clauses of each standard, by its name in the catalogue. */
export type Clauses = Readonly<Record<string, readonly string[]>>

/** What can be found, and by which clauses it is judged. */
export interface Entry {
  readonly id: string
  readonly severity: Severity
  readonly title: string
  readonly why: string
  /** What to do about it. */
  readonly mend: string
  readonly clauses: Clauses
  /** Whether it is fine while an application is developed, on a loopback address. */
  readonly development?: true
  /** Whether it is about sessions, tokens or keys that a deployment issues, which a service that only verifies does not. */
  readonly issuing?: true
}

export interface Standard {
  readonly name: string
  readonly url: string
  /** That of its text. */
  readonly licence: string
  /** Against what the clauses were checked, and whose words those beside them are. */
  readonly source: string
  /** What each clause is about, in a few words. */
  readonly clauses: Readonly<Record<string, string>>
}

export interface Catalogue {
  readonly standards: Readonly<Record<string, Standard>>
  readonly findings: readonly Entry[]
}

/** One sighting of something wrong. */
export interface Sighting {
  readonly id: string
  /** What was seen, without secrets. */
  readonly seen: string
  /** The path of the option that is wrong. */
  readonly option?: string
  /** The file of the source tree, and the line from 1 on. */
  readonly place?: { readonly file: string; readonly line: number }
}

export interface Finding extends Entry, Sighting {}

/** The data file of the package, which `docs/guide/compliance.md` shows as well. */
export function readCatalogue(): Catalogue {
  return JSON.parse(readFileSync(new URL('../../data/findings.json', import.meta.url), 'utf8'))
}

/** The findings of these sightings, worst first, and otherwise in the order of the catalogue. */
export function findingsOf({ findings }: Catalogue, sightings: readonly Sighting[]): readonly Finding[] {
  const entries = severities.flatMap((severity) => findings.filter((entry) => entry.severity === severity))
  return entries.flatMap((entry) =>
    sightings.filter(({ id }) => id === entry.id).map((sighting) => ({ ...entry, ...sighting })),
  )
}

/** Each clause as people write it, such as `ASVS 7.3.1`. */
export function clauseNames({ standards }: Catalogue, { clauses }: Entry): readonly string[] {
  return Object.entries(clauses).flatMap(([standard, numbers]) =>
    numbers.map((number) => `${standards[standard]?.name ?? standard}: ${number}`),
  )
}
