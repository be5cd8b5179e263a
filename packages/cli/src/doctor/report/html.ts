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
  const all = findings.map((finding, index) => article(catalogue, finding, index))
  const rows = findings.map(
    ({ severity, id, title, seen }, index) =>
      `<tr><td>${badge(severity)}</td><td><a href="#f${index + 1}">${text(title)}</a><br><code>${text(id)}</code></td><td class="seen">${text(seen)}</td></tr>`,
  )
  const aside = asideOf(report)
  const list =
    findings.length === 0
      ? '<p class="fine">Nothing was found.</p>'
      : `<table><thead><tr><th>Severity</th><th>Finding</th><th>Seen</th></tr></thead><tbody>\n${rows.join('\n')}\n</tbody></table>
<h2>What to do</h2>
${all.join('\n')}
<h2>By clause</h2>
${byClause(catalogue, findings)}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>Sallyport doctor: ${findings.length} findings</title>
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
${list}
</main>
<footer>An examination finds what it looks for. It is evidence for an audit, not a replacement of one.</footer>
</body>
</html>
`
}

function article(catalogue: Catalogue, finding: Finding, index: number): string {
  const clauses = Object.entries(finding.clauses).map(([key, numbers]) => {
    const standard = catalogue.standards[key]
    const listed = numbers.map(
      (number) => `${text(number)} <small>${text(standard?.clauses[number] ?? '')}</small>`,
    )
    return `<li><a href="${text(standard?.url ?? '')}">${text(standard?.name ?? key)}</a>: ${listed.join(', ')}</li>`
  })
  return `<article id="f${index + 1}" class="${finding.severity}">
<h3>${badge(finding.severity)} ${text(finding.title)}</h3>
<dl><dt>Seen</dt><dd class="seen">${text(finding.seen)}</dd>
<dt>Why it matters</dt><dd>${text(finding.why)}</dd>
<dt>Mend</dt><dd>${text(finding.mend)}</dd>
<dt>Clauses</dt><dd><ul>${clauses.join('')}</ul></dd></dl>
</article>`
}

/** The other direction: which findings an auditor has to know for a clause. */
function byClause({ standards }: Catalogue, findings: readonly Finding[]): string {
  const rows = Object.entries(standards).flatMap(([key, standard]) =>
    Object.entries(standard.clauses).flatMap(([number, about]) => {
      const found = findings.filter(({ clauses }) => clauses[key]?.includes(number))
      if (found.length === 0) return []
      const ids = [...new Set(found.map(({ id }) => id))].map((id) => `<code>${text(id)}</code>`)
      return [
        `<tr><td>${text(standard.name)}</td><td>${text(number)}<br><small>${text(about)}</small></td><td>${ids.join(', ')}</td></tr>`,
      ]
    }),
  )
  return `<table><thead><tr><th>Standard</th><th>Clause</th><th>Findings</th></tr></thead><tbody>\n${rows.join('\n')}\n</tbody></table>`
}

const badge = (severity: string): string => `<span class="badge ${severity}">${severity}</span>`

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
}

/** What strangers wrote is text, and shows no control characters and no change of direction. */
function text(value: string): string {
  return printable(value).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}
