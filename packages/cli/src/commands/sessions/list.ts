import type { Session } from '@sallyport/core'
import { Command } from 'commander'
import { withDeployment } from '../../deployment/open.ts'
import { type End, exitCodes, type Surroundings } from '../../surroundings.ts'
import { count, instant, isoInstant, jsonText, safe } from '../../terminal/safe.ts'
import { tableOf } from '../../terminal/table.ts'
import { exitCodesHelp, type LookFlags, withConfig } from '../flags.ts'

export function listCommand(surroundings: Surroundings, end: End): Command {
  return withConfig(new Command('list'))
    .description('Lists the live sessions of a user, the latest sign-in first: at most 100.')
    .argument('<subject>', 'the id of the user, as tokens have it in "sub"')
    .addHelpText('after', exitCodesHelp('done, also if there are none'))
    .action(async (subject: string, flags: LookFlags) =>
      end(
        await withDeployment(surroundings, flags, { use: 'look' }, async ({ sallyport }) => {
          const sessions = await sallyport.sessions.list(subject)
          const { more } = sessions
          surroundings.stdout.write(
            flags.json
              ? jsonText({ subject, sessions: sessions.map(publicSession), more }, 2)
              : `${tableOfSessions(sessions)}\n${count(sessions.length, 'session')} of ${safe(subject)}${more ? ', and there are more' : ''}.\n`,
          )
          return exitCodes.whole
        }),
      ),
    )
}

function tableOfSessions(sessions: readonly Session[]): string {
  return tableOf(
    ['SESSION', 'SIGNED IN', 'LAST SEEN', 'DEVICE', 'ADDRESS', 'CLIENT', 'SCOPE'],
    sessions.map(({ id, createdAt, rotatedAt, device, ip, client, scope }) => [
      ...[id, instant(createdAt), instant(rotatedAt)],
      ...[device, ip, client, scope],
    ]),
  )
}

/** A session as JSON has it. */
function publicSession({ id, createdAt, rotatedAt, device, ip, client, scope }: Session): object {
  return {
    ...{ id, created_at: isoInstant(createdAt), last_seen_at: isoInstant(rotatedAt) },
    ...{ device, ip: ip ?? null, client, scope },
  }
}
