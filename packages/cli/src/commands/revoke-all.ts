import { Command } from 'commander'
import { withDeployment } from '../deployment/open.ts'
import { type End, exitCodes, type Surroundings, UsageError } from '../surroundings.ts'
import { ask, isInteractive } from '../terminal/ask.ts'
import { jsonText, safe } from '../terminal/safe.ts'
import { type ChangeFlags, exitCodesHelp, withYes } from './flags.ts'

interface RevokeAllFlags extends ChangeFlags {
  readonly reason?: string
}

/** @param end takes the code that the command ends with */
export function revokeAllCommand(surroundings: Surroundings, end: End): Command {
  return withYes(new Command('revoke-all'))
    .description('Signs everybody out, such as after a break-in. Asks for the issuer, to be sure.')
    .option('--reason <code>', 'the reason that the event tells; default: revoke_all')
    .addHelpText(
      'after',
      `
Ends every session and every API key of the deployment, and refuses every access token issued until now, on
every process within a second. Whoever signs in afterwards is not concerned. Close the hole first. Services
that verify by the JWK Set alone do not learn of it: compromise the keys as well.
${exitCodesHelp('everybody is signed out', 'you did not confirm it')}`,
    )
    .action(async (flags: RevokeAllFlags) =>
      end(
        await withDeployment(surroundings, flags, { use: 'change' }, async ({ sallyport, options }) => {
          const issuer = options.issuer ?? 'http://localhost'
          if (!(await isMeant(surroundings, flags, issuer))) return exitCodes.broken
          const { reason } = flags
          await sallyport.revokeAll({ reason })
          surroundings.stdout.write(
            flags.json
              ? jsonText({ revoked: 'all', issuer }, 2)
              : `Everybody is signed out of ${safe(issuer)}.\n`,
          )
          return exitCodes.whole
        }),
      ),
    )
}

/** One key is soon pressed on the wrong terminal: only the issuer tells which deployment is meant. */
async function isMeant(
  surroundings: Surroundings,
  { yes }: RevokeAllFlags,
  issuer: string,
): Promise<boolean> {
  if (yes) return true
  if (!isInteractive(surroundings))
    throw new UsageError('this can not be undone, and there is no terminal to ask on: pass --yes')
  const typed = await ask(surroundings, `To sign everybody out of ${safe(issuer)}, type that issuer: `)
  if (typed === issuer) return true
  surroundings.stderr.write('That is not the issuer. Nothing was changed.\n')
  return false
}
