import { Command } from 'commander'
import { withDeployment } from '../../deployment/open.ts'
import { type End, exitCodes, type Surroundings } from '../../surroundings.ts'
import { isConfirmed } from '../../terminal/ask.ts'
import { jsonText, safe } from '../../terminal/safe.ts'
import { type ChangeFlags, exitCodesHelp, withYes } from '../flags.ts'
import { knownKeys } from './list.ts'

export function compromiseCommand(surroundings: Surroundings, end: End): Command {
  return withYes(new Command('compromise'))
    .description('Takes a signing key out of use, everywhere and for good: it has leaked.')
    .argument('<kid>', 'the name of the key, from "sallyport keys list"')
    .addHelpText(
      'after',
      `
Its tokens are refused on every process within a second. Nobody has to sign in again: clients get new
tokens at their next refresh, and another key signs. Add the kid to the option "access.compromised", so
that an older copy of the store can't bring the key back.
${exitCodesHelp('done', 'no such key is known here (it is refused all the same), or you said no')}`,
    )
    .action(async (kid: string, flags: ChangeFlags) =>
      end(
        await withDeployment(surroundings, flags, { use: 'change' }, async ({ sallyport }) => {
          const isKnown = (await knownKeys(sallyport))?.some((key) => key.kid === kid) === true
          const doubt = isKnown ? '' : 'No key here has this name. '
          const question = `${doubt}Refuse the key ${safe(kid)} for good?`
          if (!(await isConfirmed(surroundings, flags, question))) return exitCodes.broken
          await sallyport.keys.compromise(kid)
          surroundings.stdout.write(
            flags.json
              ? jsonText({ compromised: kid, known: isKnown }, 2)
              : `The key ${safe(kid)} is out of use.\n`,
          )
          return isKnown ? exitCodes.whole : exitCodes.broken
        }),
      ),
    )
}
