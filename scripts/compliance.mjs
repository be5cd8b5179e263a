// Writes docs/guide/compliance.md from the catalogue of `sallyport doctor`; with --check, tells whether it is up to date.

import { readFile, writeFile } from 'node:fs/promises'

const CATALOGUE = new URL('../packages/cli/data/findings.json', import.meta.url)
const PAGE = new URL('../docs/guide/compliance.md', import.meta.url)

const INTRODUCTION = `# Compliance

For auditors, and for whoever answers them: what [\`sallyport doctor\`](doctor.md) examines, and the clauses of each standard that it is
evidence for. \`npm run compliance\` writes this page from \`packages/cli/data/findings.json\`; do not edit it.

A clause is listed if a finding of the doctor bears on it. That none is found does not fulfil the clause: most of them also ask for
documents and for people. The words beside a clause are ours, so read the standard itself.
`

/** @typedef {{ id: string, severity: string, title: string, clauses: Record<string, string[]> }} Finding */
/** @typedef {{ name: string, url: string, clauses: Record<string, string> }} Standard */

/** @param {{ standards: Record<string, Standard>, findings: Finding[] }} catalogue */
function pageOf({ standards, findings }) {
  const sections = Object.entries(standards).map(([key, { name, url, clauses }]) => {
    const rows = Object.entries(clauses).map(([clause, about]) => {
      const ids = findings.filter((one) => one.clauses[key]?.includes(clause)).map(({ id }) => `\`${id}\``)
      return `| ${clause} | ${about} | ${ids.join(', ')} |`
    })
    return `## [${name}](${url})\n\n| clause | what it is about | findings |\n|---|---|---|\n${rows.join('\n')}\n`
  })
  return `${INTRODUCTION}\n${sections.join('\n')}`
}

const page = pageOf(JSON.parse(await readFile(CATALOGUE, 'utf8')))
if (!process.argv.includes('--check')) await writeFile(PAGE, page)
else if ((await readFile(PAGE, 'utf8').catch(() => '')) !== page) {
  console.error('docs/guide/compliance.md is not what the catalogue says: run "npm run compliance"')
  process.exitCode = 1
}
