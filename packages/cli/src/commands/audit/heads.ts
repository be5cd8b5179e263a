import { readHeads } from '@sallyport/audit'
import { Command } from 'commander'
import { type ExitCode, exitCodes, messageOf, type Surroundings, unusable } from '../../surroundings.ts'
import { isPartOf, noTrailAt, trailOf } from './trail-path.ts'

export function headsCommand(surroundings: Surroundings, end: (code: ExitCode) => void): Command {
  return new Command('heads')
    .description('Prints how far each process has written, as JSON. Keep it on another machine.')
    .argument('<path>', 'the path that toFile() was given, such as /var/log/app/audit.jsonl')
    .addHelpText(
      'after',
      `
With "sallyport audit verify --heads <file>" you find even an old trail that somebody has put back
together with its old heads. Needs no key.

Exit codes: 0 done, 1 a head is damaged, 2 there is no trail, or it can't be read`,
    )
    .action(async (path: string) => end(await heads(surroundings, path)))
}

async function heads(surroundings: Surroundings, path: string): Promise<ExitCode> {
  const { stdout, stderr } = surroundings
  const trail = trailOf(path)
  if (trail !== undefined) return unusable(surroundings, isPartOf(path, trail))
  try {
    const found = await readHeads(path)
    if (found.heads.length + found.damaged.length === 0) return unusable(surroundings, noTrailAt(path))
    stdout.write(`${JSON.stringify(found.heads, undefined, 2)}\n`)
    for (const file of found.damaged) stderr.write(`sallyport: the head ${file} is damaged\n`)
    return found.damaged.length === 0 ? exitCodes.whole : exitCodes.broken
  } catch (cause) {
    return unusable(surroundings, `the trail can't be read: ${messageOf(cause)}`)
  }
}
