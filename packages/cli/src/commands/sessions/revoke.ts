import type { RevokedMany } from '@sallyport/core'
import { Command } from 'commander'
import { withDeployment } from '../../deployment/open.ts'
import { type End, type ExitCode, exitCodes, type Surroundings } from '../../surroundings.ts'
import { isConfirmed } from '../../terminal/ask.ts'
import { count, jsonText, safe } from '../../terminal/safe.ts'
import { type ChangeFlags, exitCodesHelp, withYes } from '../flags.ts'

interface RevokeFlags extends ChangeFlags {
  readonly reason?: string
}

export function revokeCommand(surroundings: Surroundings, end: End): Command {
  return withYes(new Command('revoke'))
    .description('Ends sessions and their access tokens, on every process within a second.')
    .argument('<session...>', 'the ids of the sessions, as tokens have them in "sid"')
    .option('--reason <code>', 'the reason that events tell; default: revoked_by_application')
    .addHelpText('after', exitCodesHelp('all of them ended', 'one is not known, or you said no'))
    .action(async (sessions: readonly string[], flags: RevokeFlags) =>
      end(
        await withDeployment(surroundings, flags, { use: 'change' }, async ({ sallyport }) => {
          const question = `End ${count(new Set(sessions).size, 'session')}?`
          if (!(await isConfirmed(surroundings, flags, question))) return exitCodes.broken
          const { reason } = flags
          return tell(surroundings, flags, sessions, await sallyport.sessions.revoke(sessions, { reason }))
        }),
      ),
    )
}

function tell(
  { stdout, stderr }: Surroundings,
  { json }: RevokeFlags,
  sessions: readonly string[],
  { ended, failed }: RevokedMany,
): ExitCode {
  const unknown = [...new Set(sessions)].filter((one) => !ended.includes(one) && !failed.includes(one))
  stdout.write(json ? jsonText({ ended, unknown, failed }, 2) : `Ended ${count(ended.length, 'session')}.\n`)
  for (const session of unknown) stderr.write(`sallyport: no session is named ${safe(session)}\n`)
  for (const session of failed) stderr.write(`sallyport: the store did not answer for ${safe(session)}\n`)
  if (failed.length > 0) return exitCodes.away
  return unknown.length > 0 ? exitCodes.broken : exitCodes.whole
}
