import { Command } from 'commander'
import { endBy, withDeployment } from '../../deployment/open.ts'
import { type End, type ExitCode, exitCodes, type Surroundings, UsageError } from '../../surroundings.ts'
import { isConfirmed } from '../../terminal/ask.ts'
import { count, jsonText, safe } from '../../terminal/safe.ts'
import { type ChangeFlags, exitCodesHelp, withYes } from '../flags.ts'
import { namesIn } from './names.ts'
import { type Revocation, revokeAll } from './revoke-all-of.ts'

export interface RevokeFlags extends ChangeFlags {
  readonly from?: string
  readonly apiKeys?: true
  readonly reason?: string
}

/** Of more, only the number is told. */
const MOST_NAMED = 20

export function revokeCommand(surroundings: Surroundings, end: End): Command {
  return withYes(new Command('revoke'))
    .description('Signs users out everywhere: ends their sessions, and refuses their access tokens.')
    .argument('[subject...]', 'the ids of the users, as tokens have them in "sub"')
    .option('--from <file>', 'a file in UTF-8 with one id a line; - for standard input')
    .option('--api-keys', 'revoke their API keys, too: a thief may have made one')
    .option('--reason <code>', 'the reason that events tell; default: revoked_by_application')
    .addHelpText(
      'after',
      `
Spaces around an id in the file do not count. If no user can have an id, its line is named, and nobody is
signed out. Works on 200 users at a time, and shows how far it is. After Ctrl-C it finishes those, and after
Ctrl-C or a fault it says who is left.
Whoever was signed out already is not harmed by a second time, so the same command can be repeated.
${exitCodesHelp('all of them are signed out', 'you said no')}

Example: sallyport users revoke --from users.txt --reason incident_2026_11 --yes`,
    )
    .action(async (given: readonly string[], flags: RevokeFlags) =>
      end(
        await withDeployment(surroundings, flags, { use: 'change' }, async ({ sallyport }) => {
          const subjects = await namesIn(surroundings, given, flags.from)
          if (subjects.length === 0) throw new UsageError('name at least one user, or give --from <file>')
          const question = `Sign out ${subjects.length === 1 ? safe(subjects[0]) : count(subjects.length, 'user')} everywhere?`
          if (!(await isConfirmed(surroundings, flags, question))) return exitCodes.broken
          return tell(surroundings, flags, await revokeAll(surroundings, sallyport, subjects, flags))
        }),
      ),
    )
}

function tell(
  surroundings: Surroundings,
  { json, apiKeys }: RevokeFlags,
  { done, ended, revoked, failed, remaining, fault }: Revocation,
): ExitCode {
  const { stdout, stderr } = surroundings
  const sentence = `Signed out ${count(done, 'user')}: ended ${count(ended.length, 'session')}${apiKeys ? ` and ${count(revoked.length, 'API key')}` : ''}.`
  stdout.write(
    json ? jsonText({ users: done, ended, api_keys: revoked, failed, remaining }, 2) : `${sentence}\n`,
  )
  for (const subject of failed.slice(0, MOST_NAMED))
    stderr.write(`sallyport: the store did not answer for ${safe(subject)}\n`)
  if (failed.length > MOST_NAMED)
    stderr.write(`sallyport: nor for ${count(failed.length - MOST_NAMED, 'more user')}; --json names all\n`)
  const code = fault === undefined ? undefined : endBy(surroundings, fault)
  if (remaining.length > 0)
    stderr.write(
      `sallyport: ${code === undefined ? 'interrupted; ' : ''}${count(remaining.length, 'user')} left, from ${safe(remaining[0])} on. Repeat the command to go on.\n`,
    )
  if (code !== undefined) return code
  if (remaining.length > 0) return exitCodes.interrupted
  return failed.length > 0 ? exitCodes.away : exitCodes.whole
}
