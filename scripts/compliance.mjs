// Writes the pages of docs/guide about compliance from the catalogue of `sallyport doctor`; with --check, tells whether they
// are up to date.

import { readFile, writeFile } from 'node:fs/promises'

const CATALOGUE = new URL('../packages/cli/data/findings.json', import.meta.url)

const COMMON = `
\`npm run compliance\` writes this page from \`packages/cli/data/findings.json\`; do not edit it.

A clause is listed if a finding of the doctor bears on it. That none is found does not fulfil the clause: most of them also ask for
documents and for people. The words beside a clause only say what it is about, so read the standard itself.
`
const PAGES = [
  {
    name: 'compliance.md',
    standards: ['asvs', 'rfc9700', 'rfc8725', 'jwtSheet'],
    introduction: `# Compliance

What [\`sallyport doctor\`](doctor.md) examines, by the clauses of technical standards. [Audits](compliance-audits.md) has those of SOC
2, ISO/IEC 27001 and the GDPR.
${COMMON}`,
  },
  {
    name: 'compliance-audits.md',
    standards: ['soc2', 'iso27001', 'gdpr'],
    introduction: `# Compliance: audits

For auditors, and for whoever answers them: what [\`sallyport doctor\`](doctor.md) examines, and the clauses of SOC 2, ISO/IEC 27001
and the GDPR that it is evidence for. [Compliance](compliance.md) has those of technical standards.
${COMMON}`,
  },
]

/** @typedef {{ id: string, severity: string, title: string, clauses: Record<string, string[]> }} Finding */
/** @typedef {{ name: string, url: string, licence: string, source: string, clauses: Record<string, string> }} Standard */

/**
 * @param {{ standards: Record<string, Standard>, findings: Finding[] }} catalogue
 * @param {{ standards: string[], introduction: string }} page
 */
function textOf({ standards, findings }, page) {
  const shown = Object.entries(standards).filter(([key]) => page.standards.includes(key))
  const sections = shown.map(([key, { name, url, licence, source, clauses }]) => {
    const rows = Object.entries(clauses).map(([clause, about]) => {
      const ids = findings.filter((one) => one.clauses[key]?.includes(clause)).map(({ id }) => `\`${id}\``)
      return `| ${clause} | ${about} | ${ids.join(', ')} |`
    })
    return `## [${name}](${url})\n\n${source} Licence: ${licence}.\n\n| clause | what it is about | findings |\n|---|---|---|\n${rows.join('\n')}\n`
  })
  return `${page.introduction}\n${sections.join('\n')}`
}

const catalogue = JSON.parse(await readFile(CATALOGUE, 'utf8'))
for (const page of PAGES) {
  const file = new URL(`../docs/guide/${page.name}`, import.meta.url)
  const text = textOf(catalogue, page)
  if (!process.argv.includes('--check')) await writeFile(file, text)
  else if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
    console.error(`docs/guide/${page.name} is not what the catalogue says: run "npm run compliance"`)
    process.exitCode = 1
  }
}
