import { readFile } from 'node:fs/promises'
import { type TrailHead, type TrailVerdict, verifyTrail } from '@sallyport/audit'
import { Command } from 'commander'
import { type ExitCode, exitCodes, messageOf, type Surroundings, unusable } from '../../surroundings.ts'
import { utf8Of } from '../../terminal/utf8.ts'
import { isPartOf, noTrailAt, trailOf } from './trail-path.ts'
import { describeVerdict } from './verdict-text.ts'

interface VerifyFlags {
  readonly keyFile?: string
  readonly heads?: string
  readonly stream?: true
  readonly json?: true
}

const KEY_BYTES = 32

export function verifyCommand(surroundings: Surroundings, end: (code: ExitCode) => void): Command {
  return new Command('verify')
    .description('Tells whether an audit trail is as it was written, and what is wrong first.')
    .argument('<path>', 'the path that toFile() was given, such as /var/log/app/audit.jsonl')
    .option('--key-file <file>', 'a file with the key of the trail; without it, AUDIT_KEY has the key')
    .option('--heads <file>', 'heads that were kept elsewhere, from "sallyport audit heads"')
    .option('--stream', 'the lines were saved from a stream, which has no heads')
    .option('--json', 'print the verdict as JSON')
    .addHelpText(
      'after',
      `
Reads the path itself and all segments beside it. Changes nothing, and may run while the server writes.

Exit codes: 0 the trail is whole, 1 it is broken, 2 wrong use, or it can't be read

Example: AUDIT_KEY="$(cat /etc/app/audit.key)" sallyport audit verify /var/log/app/audit.jsonl`,
    )
    .action(async (path: string, flags: VerifyFlags) => end(await verify(surroundings, path, flags)))
}

async function verify(surroundings: Surroundings, path: string, flags: VerifyFlags): Promise<ExitCode> {
  const trail = trailOf(path)
  if (trail !== undefined && flags.stream !== true) return unusable(surroundings, isPartOf(path, trail))
  try {
    const key = await readKey(surroundings, flags.keyFile)
    if (key === undefined)
      return unusable(surroundings, 'the key is missing: set AUDIT_KEY, or give --key-file')
    const heads = flags.heads === undefined ? [] : await readKeptHeads(flags.heads)
    const verdict = await verifyTrail({ path, key, heads, stream: flags.stream === true })
    return tell(surroundings, path, verdict, flags)
  } catch (cause) {
    return unusable(surroundings, reasonOf(cause))
  }
}

function tell(
  surroundings: Surroundings,
  path: string,
  verdict: TrailVerdict,
  { json }: VerifyFlags,
): ExitCode {
  const { stdout } = surroundings
  if (json) stdout.write(`${JSON.stringify(verdict, undefined, 2)}\n`)
  switch (verdict.kind) {
    case 'none':
      return unusable(surroundings, noTrailAt(path))
    case 'whole':
    case 'broken':
      if (!json) stdout.write(describeVerdict(verdict))
      return verdict.kind === 'whole' ? exitCodes.whole : exitCodes.broken
  }
}

/** A key file may have the key as text, or its bytes. */
async function readKey(
  { env }: Surroundings,
  file: string | undefined,
): Promise<string | Uint8Array | undefined> {
  if (file === undefined) return env.AUDIT_KEY?.trim() || undefined
  const bytes = await readKeyFile(file)
  // `trim` takes a byte order mark, too.
  return bytes.length === KEY_BYTES ? bytes : bytes.toString().trim()
}

/** The message of the system would show the path, which is the key itself if somebody mistook one for the other. */
async function readKeyFile(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? `: ${cause.code}` : ''
    throw new Error(`the file of --key-file can't be read${code}`, { cause })
  }
}

async function readKeptHeads(file: string): Promise<readonly TrailHead[]> {
  const text = utf8Of(await readFile(file), file)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new SyntaxError(`${file} is no output of "sallyport audit heads"`, { cause })
  }
}

/** In the words of the command line, where the error has those of the library. */
function reasonOf(cause: unknown): string {
  return messageOf(cause)
    .replace('"verifyTrail.key"', 'the key')
    .replace('"verifyTrail.heads"', 'the file of --heads')
    .replace('the heads that readHeads() gave', 'an output of "sallyport audit heads"')
    .replace('"verifyTrail.path"', '<path>')
}
