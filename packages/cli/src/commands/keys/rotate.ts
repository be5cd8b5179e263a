import { Command } from 'commander'
import { withDeployment } from '../../deployment/open.ts'
import { type End, exitCodes, type Surroundings } from '../../surroundings.ts'
import { instant, jsonText } from '../../terminal/safe.ts'
import { exitCodesHelp, type LookFlags, withConfig } from '../flags.ts'
import { publicKey } from './key-text.ts'

export function rotateCommand(surroundings: Surroundings, end: End): Command {
  return withConfig(new Command('rotate'))
    .description('Makes a new signing key. It signs six minutes later, when every cache has it.')
    .addHelpText(
      'after',
      `
Nobody has to sign in again, and no token is refused. Shows the pending key if there is one already.
For a key that has leaked, use "sallyport keys compromise".
${exitCodesHelp('done')}`,
    )
    .action(async (flags: LookFlags) =>
      end(
        await withDeployment(surroundings, flags, { use: 'change', need: 'keys' }, async ({ sallyport }) => {
          const key = await sallyport.keys.rotate()
          surroundings.stdout.write(
            flags.json
              ? jsonText({ key: publicKey(key) }, 2)
              : `The key ${key.kid} (${key.alg}) signs from ${instant(key.signsFrom ?? 0)}.\n`,
          )
          return exitCodes.whole
        }),
      ),
    )
}
