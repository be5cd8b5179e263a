import { make } from './dom.ts'
import { type Language, localeOf } from './language.ts'

/** Dates and numbers, as the language writes them. */
export interface Format {
  /** A time of day on a date. */
  moment(time: string): string
  clock(time: string | number): string
  /** A clock with seconds. */
  exactClock(time: string): string
  /** A date: "Today", "Yesterday", or itself. */
  day(time: string): string
  /** How long ago: "5 minutes ago". */
  ago(time: string): string
  /** A length of time, in its largest unit: "3 days". */
  span(seconds: number): string
  count(number: number): string
  /** An element that says how long ago it was, and when, if it is pointed at. */
  agoElement(time: string): HTMLTimeElement
  momentElement(time: string): HTMLTimeElement
}

const UNITS = [
  { unit: 'day', seconds: 86_400 },
  { unit: 'hour', seconds: 3600 },
  { unit: 'minute', seconds: 60 },
  { unit: 'second', seconds: 1 },
] as const
/** What is older is told by its date. */
const OLD_SECONDS = 7 * 86_400

export function createFormat(language: Language): Format {
  const locale = localeOf(language)
  const moments = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' })
  const clocks = new Intl.DateTimeFormat(locale, { timeStyle: 'short' })
  const exactClocks = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' })
  const days = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' })
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const numbers = new Intl.NumberFormat(locale)
  const moment = (time: string): string => moments.format(new Date(time))

  function ago(time: string): string {
    const seconds = Math.max(0, (Date.now() - Date.parse(time)) / 1000)
    if (seconds > OLD_SECONDS) return moment(time)
    const { unit, amount } = inUnits(seconds)
    return unit === 'second' ? relative.format(0, 'second') : relative.format(-amount, unit)
  }

  return {
    moment,
    clock: (time) => clocks.format(new Date(time)),
    exactClock: (time) => exactClocks.format(new Date(time)),
    day(time) {
      const date = new Date(time)
      const behind = Math.round((midnight(new Date()) - midnight(date)) / 86_400_000)
      return capitalised(behind < 2 ? relative.format(-behind, 'day') : days.format(date))
    },
    ago,
    span(seconds) {
      const { unit, amount } = inUnits(seconds)
      return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(amount)
    },
    count: (number) => numbers.format(number),
    agoElement: (time) => make('time', { datetime: time, title: moment(time) }, ago(time)),
    momentElement: (time) => make('time', { datetime: time }, moment(time)),
  }
}

function inUnits(seconds: number): { unit: (typeof UNITS)[number]['unit']; amount: number } {
  const { unit, seconds: size } = UNITS.find((one) => seconds >= one.seconds) ?? UNITS[3]
  return { unit, amount: Math.floor(seconds / size) }
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
