import { watch } from 'node:fs'
import { dirname } from 'node:path'
import { readTrail, type TrailEvent, type TrailReader } from '@sallyport/audit'
import { Command } from 'commander'
import { endBy } from '../../deployment/open.ts'
import { type End, type ExitCode, exitCodes, type Surroundings, unusable } from '../../surroundings.ts'
import { heedInterrupts } from '../../terminal/progress.ts'
import { jsonText } from '../../terminal/safe.ts'
import { HEADINGS, lineOfEvent } from './event-text.ts'
import { createFilter, type FilterFlags, withFilter } from './filter.ts'
import { createLatest } from './latest.ts'
import { isPartOf, isTrailAt, noTrailAt, trailOf } from './trail-path.ts'

interface TailFlags extends FilterFlags {
  readonly json?: true
}

/** How many of the events that are there already are shown. */
const SHOWN_FIRST = 10
/** Not every file system tells of changes. */
const LOOK_EVERY_MS = 1000

export function tailCommand(surroundings: Surroundings, end: End): Command {
  return withFilter(new Command('tail'))
    .description('Shows the last ten events of an audit trail, and each new one until you press Ctrl-C.')
    .argument('<path>', 'the path that toFile() was given, such as /var/log/app/audit.jsonl')
    .option('--json', 'print one event a line, as JSON')
    .addHelpText(
      'after',
      `
Follows every process that writes there, and new segments. Reads trails in the format json. Where there is no
trail yet, says so and waits for one.

Exit codes:
  0    you pressed Ctrl-C, or whoever reads its output has ended
  2    wrong use, or the trail can't be read`,
    )
    .action(async (path: string, flags: TailFlags) => end(await tail(surroundings, path, flags)))
}

async function tail(surroundings: Surroundings, path: string, flags: TailFlags): Promise<ExitCode> {
  const trail = trailOf(path)
  if (trail !== undefined) return unusable(surroundings, isPartOf(path, trail))
  try {
    await follow(surroundings, path, flags)
    return exitCodes.whole
  } catch (cause) {
    return endBy(surroundings, cause)
  }
}

async function follow(surroundings: Surroundings, path: string, flags: TailFlags): Promise<void> {
  const { stdout, stderr } = surroundings
  // A server may begin it later, but a path may also be misspelt.
  if (!(await isTrailAt(path))) stderr.write(`sallyport: ${noTrailAt(path)} yet: waiting for one\n`)
  const reader = readTrail(path)
  const show = async (most: number): Promise<void> => {
    for (const event of await latestOf(reader, flags, most))
      stdout.write(flags.json ? jsonText(event) : lineOfEvent(event))
  }
  let wake = (): void => {}
  const interrupts = heedInterrupts(surroundings, () => wake())
  let isRead = true
  const unread = (): void => {
    isRead = false
    wake()
  }
  stdout.on?.('error', unread)
  const changes = watch(dirname(path), () => wake())
  const looks = setInterval(() => wake(), LOOK_EVERY_MS)
  looks.unref()
  try {
    if (!flags.json) stdout.write(HEADINGS)
    let most = SHOWN_FIRST
    while (isRead && !interrupts.isInterrupted) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve
      })
      await show(most)
      most = Number.POSITIVE_INFINITY
      if (isRead && !interrupts.isInterrupted) await changed
    }
  } finally {
    stdout.off?.('error', unread)
    clearInterval(looks)
    changes.close()
    interrupts.close()
  }
}

async function latestOf(reader: TrailReader, flags: TailFlags, most: number): Promise<readonly TrailEvent[]> {
  const fits = createFilter(flags)
  const latest = createLatest(most)
  for await (const event of reader.read()) if (fits(event)) latest.add(event)
  return latest.all()
}
