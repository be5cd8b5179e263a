import type { KeyInfo, Sallyport } from '@sallyport/core'
import { Command } from 'commander'
import { withDeployment } from '../../deployment/open.ts'
import { type End, exitCodes, type Surroundings } from '../../surroundings.ts'
import { jsonText } from '../../terminal/safe.ts'
import { exitCodesHelp, type LookFlags, withConfig } from '../flags.ts'
import { publicKey, tableOfKeys } from './key-text.ts'

export function listCommand(surroundings: Surroundings, end: End): Command {
  return withConfig(new Command('list'))
    .description('Lists the signing keys and their states. Those that sign later come first.')
    .addHelpText(
      'after',
      `
pending   published, does not sign yet
active    signs
retiring  only verifies what it has signed
gone      its last token has expired
${exitCodesHelp('done', 'there are no keys')}`,
    )
    .action(async (flags: LookFlags) =>
      end(
        await withDeployment(surroundings, flags, { use: 'look', need: 'keys' }, async ({ sallyport }) => {
          const keys = await knownKeys(sallyport)
          if (keys === undefined) {
            surroundings.stderr.write('sallyport: the store does not answer, so its keys are not known\n')
            return exitCodes.away
          }
          surroundings.stdout.write(
            flags.json ? jsonText({ keys: keys.map(publicKey) }, 2) : tableOfKeys(keys),
          )
          return keys.length === 0 ? exitCodes.broken : exitCodes.whole
        }),
      ),
    )
}

/** The keys of the deployment; `undefined` if they could not be loaded. */
export async function knownKeys(
  sallyport: Pick<Sallyport, 'keys' | 'ready'>,
): Promise<readonly KeyInfo[] | undefined> {
  const keys = sallyport.keys.list()
  return keys.length > 0 || (await sallyport.ready()) ? keys : undefined
}
