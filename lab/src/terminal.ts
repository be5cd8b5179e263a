import type { Exchange, Report, Verdict } from './play/attack.ts'

const WIDTH = 100
const COLOURS = { red: 31, green: 32, dim: 2, bold: 1 } as const
type Paint = (colour: keyof typeof COLOURS, text: string) => string

export const plain: Paint = (_colour, text) => text
export const coloured: Paint = (colour, text) => `\u001b[${COLOURS[colour]}m${text}\u001b[0m`

/** All attacks, one a line, with both verdicts. */
export function table(reports: readonly Report[], paint: Paint): string {
  const names = Math.max(...reports.map(({ name }) => name.length))
  const titles = Math.max(...reports.map(({ title }) => title.length))
  const row = (name: string, title: string, naive: string, sallyport: string) =>
    `${name.padEnd(names)}  ${title.padEnd(titles)}  ${naive}  ${sallyport}`
  const wide = (verdict: Verdict) => painted(verdict, paint)
  return [
    paint('bold', row('attack', '', 'naive    ', 'Sallyport')),
    ...reports.map(({ name, title, verdicts }) =>
      row(name, title, wide(verdicts.naive), wide(verdicts.sallyport)),
    ),
  ].join('\n')
}

/** One attack, step by step. */
export function story(report: Report, paint: Paint): string {
  const { title, story: told, hole, defence, guide, steps, verdicts } = report
  const shown = steps.flatMap(({ says, naive, sallyport }, index) => [
    '',
    paint('bold', `${index + 1}. ${says}`),
    ...exchange('naive', naive, paint),
    ...exchange('Sallyport', sallyport, paint),
  ])
  return [
    paint('bold', title),
    ...wrapped(told),
    ...shown,
    '',
    `Against the naive server, the attack ${painted(verdicts.naive, paint).trim()}.`,
    ...wrapped(hole),
    '',
    `Against Sallyport, it ${painted(verdicts.sallyport, paint).trim()}.`,
    ...wrapped(defence),
    paint('dim', `docs/guide/${guide}`),
  ].join('\n')
}

function exchange(server: string, { request, status, answer }: Exchange, paint: Paint): string[] {
  const lines = [...request.map((line) => `> ${line}`), `< ${status}`, ...answer.map((line) => `< ${line}`)]
  return lines.map((line, index) => {
    const name = (index === 0 ? server : '').padEnd('Sallyport'.length)
    return `   ${name}  ${line.startsWith(`< ${status}`) ? line : paint('dim', line)}`
  })
}

/** The attacker's success is bad news, whoever's server it is. */
function painted(verdict: Verdict, paint: Paint): string {
  return paint(verdict === 'succeeded' ? 'red' : 'green', verdict.padEnd('succeeded'.length))
}

function wrapped(text: string): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length >= WIDTH) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
