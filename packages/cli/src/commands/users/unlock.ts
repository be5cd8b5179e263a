import { Command } from 'commander'
import { withDeployment } from '../../deployment/open.ts'
import { type End, exitCodes, type Surroundings } from '../../surroundings.ts'
import { jsonText, safe } from '../../terminal/safe.ts'
import { exitCodesHelp, type LookFlags, withConfig } from '../flags.ts'

interface UnlockFlags extends LookFlags {
  readonly subject?: string
}

export function unlockCommand(surroundings: Surroundings, end: End): Command {
  return withConfig(new Command('unlock'))
    .description('Unlocks an account after too many wrong passwords. Earlier failures no longer count.')
    .argument('<account>', 'the name by which the user signs in, in any spelling')
    .option('--subject <id>', 'the id of the user, if your application counts failures by it')
    .addHelpText('after', exitCodesHelp('unlocked, or it was not locked'))
    .action(async (account: string, { subject, ...flags }: UnlockFlags) =>
      end(
        await withDeployment(surroundings, flags, { use: 'change' }, async ({ sallyport }) => {
          const { unlocked } = await sallyport.lockout.unlock(account, { subject })
          surroundings.stdout.write(
            flags.json
              ? jsonText({ unlocked }, 2)
              : `${safe(account)} ${unlocked ? 'is unlocked' : 'was not locked; earlier failures no longer count'}.\n`,
          )
          return exitCodes.whole
        }),
      ),
    )
}
