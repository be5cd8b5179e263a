import { Command } from 'commander'
import { withDeployment } from '../../deployment/open.ts'
import { type End, exitCodes, type Surroundings } from '../../surroundings.ts'
import { isConfirmed } from '../../terminal/ask.ts'
import { count, jsonText, safe } from '../../terminal/safe.ts'
import { type ChangeFlags, exitCodesHelp, withYes } from '../flags.ts'

export function forgetCommand(surroundings: Surroundings, end: End): Command {
  return withYes(new Command('forget'))
    .description('Forgets a user whose account is deleted: ends everything, and erases what is known.')
    .argument('<subject>', 'the id of the user, as tokens have it in "sub"')
    .addHelpText(
      'after',
      `
Ends all sessions and API keys, refuses every access token, and erases what the store knows of the user.
An audit trail with pseudonyms stays, and no longer tells whom it was about. If the user signs in again
meanwhile, it ends with 3: repeat it.
${exitCodesHelp('forgotten', 'you said no')}`,
    )
    .action(async (subject: string, flags: ChangeFlags) =>
      end(
        await withDeployment(surroundings, flags, { use: 'change' }, async ({ sallyport }) => {
          const question = `Forget ${safe(subject)} for good?`
          if (!(await isConfirmed(surroundings, flags, question))) return exitCodes.broken
          const { ended } = await sallyport.forgetUser(subject)
          surroundings.stdout.write(
            flags.json
              ? jsonText({ subject, ended }, 2)
              : `Forgot ${safe(subject)}, and ended ${count(ended.length, 'session')}.\n`,
          )
          return exitCodes.whole
        }),
      ),
    )
}
