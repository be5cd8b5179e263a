import type { Summary } from './stats.ts'

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

export function number(value: number): string {
  return Math.abs(value) < 10 ? value.toFixed(1) : whole.format(value)
}

export function fine(value: number): string {
  return value.toFixed(Math.abs(value) < 10 ? 2 : 1)
}

export function percent(value: number): string {
  return `${(value * 100).toFixed(value < 0.1 ? 1 : 0)} %`
}

/** As `86 % (50–135)`, or with a wider range besides `86 % (82–91; 50–135)`. */
export function percents({ median, ...range }: Summary, wider?: Summary): string {
  if (range.low === range.high) return percent(median)
  const digits = (value: number): string => percent(value).replace(' %', '')
  const ranges = [range, ...(wider === undefined ? [] : [wider])]
  return `${percent(median)} (${ranges.map(({ low, high }) => `${digits(low)}–${digits(high)}`).join('; ')})`
}

export function mebibytes(bytes: number): string {
  return whole.format(bytes / 2 ** 20)
}

/** As `5,120 (4,800–5,300)`. */
export function spread({ median, low, high }: Summary, format: (value: number) => string = number): string {
  return `${format(median)} (${format(low)}–${format(high)})`
}

/** A Markdown table; every column but the first is a figure. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const rule = headings.map((_, index) => (index === 0 ? '---' : '---:'))
  return [headings, rule, ...rows].map(line).join('\n')
}

export function section(title: string, ...paragraphs: readonly string[]): string {
  return [`## ${title}`, ...paragraphs].join('\n\n')
}

const WIDTH = 120

/** Breaks a paragraph, or an item of a list, into lines. */
export function wrap(text: string): string {
  const indent = text.startsWith('- ') ? '  ' : ''
  let [line = '', ...words] = text.split(' ')
  const lines: string[] = []
  for (const word of words)
    if (line.length + 1 + word.length <= WIDTH) line += ` ${word}`
    else {
      lines.push(line)
      line = indent + word
    }
  return [...lines, line].join('\n')
}
