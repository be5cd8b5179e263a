import type { Contender } from './contenders/catalogue.ts'
import { number, percent } from './report.ts'
import { median } from './stats.ts'
import type { ContenderFigures, VerifySet } from './verify.ts'
import { compareRates, figuresOf } from './verify-report.ts'

const WIDTH = 880
const LABELS = 330
const BARS = 400
const ROW = 24
const BAR = 16
const HEADING = 40
const TOP = 56
const BOTTOM = 44

type Tone = 'bare' | 'ours' | 'revocable' | 'peer'

const STYLE = `
    text { font: 13px system-ui, sans-serif; fill: #1f2328 }
    .title { font-size: 16px; font-weight: 600 }
    .framework { font-weight: 600 }
    .small { font-size: 12px; fill: #59636e }
    .bare { fill: #afb8c1 } .ours { fill: #1a7f37 } .revocable { fill: #bc4c00 } .peer { fill: #f0b37e }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .small { fill: #9198a1 }
      .bare { fill: #57606a } .ours { fill: #3fb950 } .revocable { fill: #db6d28 } .peer { fill: #8a5a35 }
    }`

const legend: readonly (readonly [Tone, string])[] = [
  ['bare', 'not protected, or the limit'],
  ['ours', 'Sallyport: revocable'],
  ['revocable', 'peer, revocable by EXISTS'],
  ['peer', 'peer, not revocable'],
]

/** A chart of requests per second by framework: the bars of each are scaled to its fastest. */
export function drawChart(sets: readonly VerifySet[]): string | undefined {
  const shown = sets.filter(({ algorithm, tokens }) => algorithm === 'ES256' && tokens === 1000)
  if (shown.length === 0) return undefined
  let y = TOP
  const groups = shown.map((set) => {
    const group = drawGroup(set, y)
    y += HEADING + set.figures.length * ROW
    return group
  })
  const title = 'GET /api/me with a known bearer token (ES256, 1,000 tokens): requests per second, one core'
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + BOTTOM}" role="img" aria-labelledby="title">
  <title id="title">${title}</title>
  <style>${STYLE}
  </style>
  <text class="title" x="8" y="28">${title}</text>
${groups.join('\n')}
${legend.map(([tone, text], index) => drawKey(tone, text, 8 + index * 215, y + 24)).join('\n')}
</svg>
`
}

function drawGroup(set: VerifySet, top: number): string {
  const bare = figuresOf(set, 'bare')
  const most = Math.max(...set.figures.map(rateOf))
  const name = set.framework[0]?.toUpperCase() + set.framework.slice(1)
  const rows = set.figures.map((one, index) => {
    const rate = rateOf(one)
    const share = median(compareRates(one, bare))
    const y = top + HEADING + index * ROW
    return `  <text x="${LABELS - 8}" y="${y}" text-anchor="end">${escaped(one.contender.label)}</text>
  <rect class="${toneOf(one.contender)}" x="${LABELS}" y="${y - 13}" width="${((rate / most) * BARS).toFixed(1)}" height="${BAR}" rx="2"/>
  <text class="small" x="${(LABELS + (rate / most) * BARS + 6).toFixed(1)}" y="${y}">${number(rate)} · ${percent(share)}</text>`
  })
  return [`  <text class="framework" x="8" y="${top + 16}">${name}</text>`, ...rows].join('\n')
}

function drawKey(tone: Tone, text: string, x: number, y: number): string {
  return `  <rect class="${tone}" x="${x}" y="${y - 11}" width="12" height="12" rx="2"/>
  <text class="small" x="${x + 18}" y="${y}">${text}</text>`
}

function rateOf({ rounds }: ContenderFigures): number {
  return median(rounds.map((round) => round.perSecond))
}

function toneOf({ guard, exists }: Contender): Tone {
  if (guard === 'bare' || guard === 'limit') return 'bare'
  if (guard === 'ours') return 'ours'
  return exists ? 'revocable' : 'peer'
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
