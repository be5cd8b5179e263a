import { readTrail, type TrailEvent } from '@sallyport/audit'
import type { Sallyport, SallyportEvent } from '@sallyport/core'
import { Command, InvalidArgumentError } from 'commander'
import { endBy, withDeployment } from '../../deployment/open.ts'
import { type End, type ExitCode, exitCodes, type Surroundings, unusable } from '../../surroundings.ts'
import { count, jsonText } from '../../terminal/safe.ts'
import { exitCodesHelp, type LookFlags, withConfig } from '../flags.ts'
import { HEADINGS, lineOfEvent } from './event-text.ts'
import { createFilter, type FilterFlags, withFilter } from './filter.ts'
import { createLatest } from './latest.ts'
import { isPartOf, isTrailAt, noTrailAt, trailOf } from './trail-path.ts'

interface QueryFlags extends FilterFlags, LookFlags {
  readonly user?: string
  readonly reveal?: true
  readonly limit: number
}

const MOST = 100_000

export function queryCommand(surroundings: Surroundings, end: End): Command {
  return withConfig(withFilter(new Command('query')))
    .description('Searches an audit trail, and shows the latest events that fit, the oldest of them first.')
    .argument('<path>', 'the path that toFile() was given, such as /var/log/app/audit.jsonl')
    .option(
      '--user <subject>',
      'only of the user with this id, whatever the trail calls them; asks the store',
    )
    .option('--reveal', 'show who was meant behind pseudonyms; asks the store, and tells personal data')
    .option('--limit <number>', 'the most events', limitOf, 100)
    .addHelpText(
      'after',
      `
Reads trails in the format json. With --json, prints one event a line. Believes what it reads: "sallyport
audit verify" tells whether it is as it was written. Changes nothing, and may run while the server writes.
${exitCodesHelp('done, also if nothing fits', 'some lines are no events that can be read')}

Example: sallyport audit query /var/log/app/audit.jsonl --event 'refresh.*' --since 24h`,
    )
    .action(async (path: string, flags: QueryFlags) => end(await query(surroundings, path, flags)))
}

async function query(surroundings: Surroundings, path: string, flags: QueryFlags): Promise<ExitCode> {
  const trail = trailOf(path)
  if (trail !== undefined) return unusable(surroundings, isPartOf(path, trail))
  try {
    if (!(await isTrailAt(path))) return unusable(surroundings, noTrailAt(path))
    if (flags.user === undefined && flags.reveal === undefined)
      return await search(surroundings, path, flags, undefined)
  } catch (cause) {
    return endBy(surroundings, cause)
  }
  // With its trail, since that has the pseudonyms. Nothing here is an event.
  return withDeployment(surroundings, flags, { use: 'change' }, ({ sallyport, options }) =>
    search(surroundings, path, flags, options.audit?.subjects === 'plain' ? undefined : sallyport),
  )
}

/** @param sallyport knows who is meant by pseudonyms; `undefined` if the trail has none, or nobody asks */
async function search(
  surroundings: Surroundings,
  path: string,
  flags: QueryFlags,
  sallyport: Sallyport | undefined,
): Promise<ExitCode> {
  const { stdout, stderr } = surroundings
  const { user } = flags
  const known = user === undefined || sallyport === undefined ? user : await sallyport.audit.pseudonymOf(user)
  const fits = createFilter(user === undefined ? flags : { ...flags, sub: known ?? '' })
  const latest = createLatest(flags.limit)
  const reader = readTrail(path)
  for await (const event of reader.read()) if (fits(event)) latest.add(event)
  const found = await Promise.all(latest.all().map((event) => shown(event, flags, sallyport)))
  if (!flags.json) stdout.write(HEADINGS)
  for (const event of found) stdout.write(flags.json ? jsonText(event) : lineOfEvent(event))
  if (reader.unreadable === 0) return exitCodes.whole
  stderr.write(
    `sallyport: ${count(reader.unreadable, 'line')} can't be read as events: the trail has another format, or was damaged\n`,
  )
  return exitCodes.broken
}

async function shown(
  event: TrailEvent,
  { reveal }: QueryFlags,
  sallyport: Sallyport | undefined,
): Promise<TrailEvent> {
  if (!reveal || sallyport === undefined) return event
  // What was read from a file may have any members; the library trusts none of them.
  const revealed = await sallyport.audit.reveal(event as unknown as SallyportEvent)
  return revealed === undefined ? event : { ...revealed }
}

function limitOf(given: string): number {
  const limit = Number(given)
  if (/^\d+$/.test(given) && limit >= 1 && limit <= MOST) return limit
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST}.`)
}
