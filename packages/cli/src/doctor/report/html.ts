import { printable } from '@sallyport/core/sink'
import { instant } from '../../terminal/safe.ts'
import type { Catalogue, Finding } from '../catalogue.ts'
import { asideOf, countsOf, type Report } from './report.ts'
import { STYLE } from './style.ts'

/** One file that needs nothing else, with no script, for a browser or for paper. */
export function htmlOf(report: Report): string {
  const { catalogue, findings, examined, at, version } = report
  const counts = countsOf(report).map(
    ([severity, count]) =>
      `<li class="${severity}${count === 0 ? ' none' : ''}"><b>${count}</b> ${severity}</li>`,
  )
  const aside = asideOf(report)
  const main = findings.length === 0 ? '<p class="fine">Nothing was found.</p>' : found(catalogue, findings)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>Sallyport doctor: ${findings.length === 1 ? '1 finding' : `${findings.length} findings`}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Session security report</h1>
<p>${text(instant(at))} · sallyport doctor ${text(version)}</p>
<ul class="counts">${counts.join('')}</ul>
<p>Examined: ${examined.map(text).join('; ')}.</p>${aside === undefined ? '' : `\n<p>${text(aside)}</p>`}
</header>
<main>
${main}
</main>
<footer>An examination finds what it looks for. It is evidence for an audit, not a replacement of one.</footer>
</body>
</html>
`
}

function found(catalogue: Catalogue, findings: readonly Finding[]): string {
  const rows = findings.map(
    ({ severity, id, title, seen }) =>
      `<tr><td>${badge(severity)}</td><td><a href="#${text(id)}">${text(title)}</a><br><code>${text(id)}</code></td><td class="seen wide">${text(seen)}</td></tr>`,
  )
  // One file may have the same secret in many lines.
  const first = findings.filter(({ id }, index) => findings.findIndex((one) => one.id === id) === index)
  const articles = first.map((finding) => {
    const seen = findings.filter(({ id }) => id === finding.id).map((one) => one.seen)
    return article(catalogue, finding, seen)
  })
  return `<h2 id="findings">Findings</h2>
<table aria-labelledby="findings"><thead><tr><th scope="col">Severity</th><th scope="col">Finding</th><th scope="col" class="wide">Seen</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table>
<h2>What to do</h2>
${articles.join('\n')}
<h2>By clause</h2>
${byClause(catalogue, findings)}`
}

function article(catalogue: Catalogue, finding: Finding, seen: readonly string[]): string {
  const clauses = Object.entries(finding.clauses).map(([key, numbers]) => {
    const standard = catalogue.standards[key]
    const listed = numbers.map(
      (number) => `${text(number)} <small>${text(standard?.clauses[number] ?? '')}</small>`,
    )
    return `<li><a href="${text(standard?.url ?? '')}">${text(standard?.name ?? key)}</a>: ${listed.join(', ')}</li>`
  })
  return `<article id="${text(finding.id)}" class="${finding.severity}">
<h3>${badge(finding.severity)} ${text(finding.title)}</h3>
<dl><dt>Seen</dt><dd class="seen">${seen.map(text).join('<br>')}</dd>
<dt>Why it matters</dt><dd>${text(finding.why)}</dd>
<dt>Mend</dt><dd>${text(finding.mend)}</dd>
<dt>Clauses</dt><dd><ul>${clauses.join('')}</ul></dd></dl>
</article>`
}

/** The other direction: which findings an auditor has to know for a clause. */
function byClause({ standards }: Catalogue, findings: readonly Finding[]): string {
  const sections = Object.entries(standards).map(([key, { name, licence, source, clauses }]) => {
    const rows = Object.entries(clauses).flatMap(([number, about]) => {
      const ids = findings.filter((one) => one.clauses[key]?.includes(number)).map(({ id }) => id)
      const links = [...new Set(ids)].map((id) => `<a href="#${text(id)}"><code>${text(id)}</code></a>`)
      return links.length === 0
        ? []
        : `<tr><td>${text(number)} <small>${text(about)}</small></td><td>${links.join(', ')}</td></tr>`
    })
    return rows.length === 0
      ? ''
      : `<h3 id="by-${text(key)}">${text(name)}</h3>
<p><small>${text(source)} Licence: ${text(licence)}.</small></p>
<table aria-labelledby="by-${text(key)}" class="clauses"><thead><tr><th scope="col">Clause</th><th scope="col">Findings</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table>
`
  })
  return sections.join('')
}

const badge = (severity: string): string => `<span class="badge ${severity}">${severity}</span>`

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
}

/** What strangers wrote is text, and shows no control characters and no change of direction. */
function text(value: string): string {
  return printable(value).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}
