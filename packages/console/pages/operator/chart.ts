import { draw } from '../shared/dom.ts'
import type { Format } from '../shared/format.ts'
import type { Words } from '../words/operator.ts'

const HEIGHT = 32
const STEP = 4
const BAR = 3
const LEAST = 1.5
const MINUTE_MS = 60_000

/** Bars for the minutes of an hour, the newest on the right, with what they show in words. */
export function barsOfHour(
  name: string,
  counts: readonly number[],
  { words, format }: { readonly words: Words; readonly format: Format },
): SVGSVGElement {
  const most = Math.max(...counts, 0)
  const total = counts.reduce((sum, one) => sum + one, 0)
  const bars = counts.map((count, minute) => {
    const height = count === 0 ? LEAST : Math.max(LEAST * 2, (count / most) * HEIGHT)
    const place = { x: minute * STEP, y: HEIGHT - height, width: BAR, height }
    return draw('rect', { ...place, rx: 1, class: count === 0 ? 'none' : 'some' })
  })
  const peak = (counts.lastIndexOf(most) + 1 - counts.length) * MINUTE_MS
  const said = [
    words.chart(name, format.count(total)),
    ...(most > 0 ? [words.chartPeak(format.count(most), format.clock(Date.now() + peak))] : []),
  ]
  return draw(
    'svg',
    {
      ...{ class: 'bars', role: 'img', 'aria-label': said.join(' ') },
      ...{ viewBox: `0 0 ${counts.length * STEP - (STEP - BAR)} ${HEIGHT}`, preserveAspectRatio: 'none' },
    },
    ...bars,
  )
}
