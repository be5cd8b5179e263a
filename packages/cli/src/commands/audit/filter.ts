import type { TrailEvent } from '@sallyport/audit'
import { type Command, InvalidArgumentError } from 'commander'
import { now } from '../../system.ts'

/** Which events are wanted. */
export interface FilterFlags {
  readonly event?: readonly string[]
  readonly sub?: string
  readonly sid?: string
  readonly ip?: string
  readonly outcome?: string
  readonly since?: number
  readonly until?: number
}

/** What `Date.parse` reads the same everywhere. It takes nearly anything else, too: `90` as the year 1990. */
const ISO_INSTANT = /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?$/
const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

export function withFilter(command: Command): Command {
  return command
    .option('--event <name...>', 'only these events, such as session.ended; session.* is all of a kind')
    .option('--sub <name>', 'only of this user, as the trail names users: by a pseudonym, unless it is plain')
    .option('--sid <session>', 'only of this session')
    .option('--ip <address>', 'only from this address; a trail with pseudonyms has none in clear')
    .option('--outcome <outcome>', 'only these: success or failure')
    .option(
      '--since <when>',
      'from then on: 30m, 2h or 7d ago, or an instant such as 2026-11-29T12:00Z',
      instantOf,
    )
    .option('--until <when>', 'up to then', instantOf)
}

export function createFilter(flags: FilterFlags): (event: TrailEvent) => boolean {
  const { event: names, since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = flags
  const members = (['sub', 'sid', 'ip', 'outcome'] as const).filter((name) => flags[name] !== undefined)
  return (event) => {
    const at = Date.parse(event.time)
    return (
      members.every((name) => event[name] === flags[name]) &&
      (names === undefined || names.some((name) => isNamed(event.event, name))) &&
      (Number.isNaN(at) || (at >= since && at <= until))
    )
  }
}

function isNamed(event: string, name: string): boolean {
  return name.endsWith('*') ? event.startsWith(name.slice(0, -1)) : event === name
}

/** Milliseconds since the epoch. Throws what Commander tells. */
function instantOf(given: string): number {
  const [, amount, unit = ''] = /^(\d{1,6})([smhd])$/.exec(given) ?? []
  if (amount !== undefined) return now() - Number(amount) * (UNITS[unit] ?? 0)
  const [, day] = ISO_INSTANT.exec(given) ?? []
  const at = Date.parse(given)
  if (day !== undefined && isDay(day) && !Number.isNaN(at)) return at
  throw new InvalidArgumentError('It must be like 30m, 2h, 7d or 2026-11-29T12:00Z.')
}

/** `Date.parse` takes 30 February as 2 March. */
function isDay(day: string): boolean {
  const at = Date.parse(day)
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(day)
}
