import { Command } from 'commander'
import type { End, Surroundings } from '../../surroundings.ts'
import { forgetCommand } from './forget.ts'
import { revokeCommand } from './revoke.ts'
import { unlockCommand } from './unlock.ts'

/** @param end takes the code that the command ends with */
export function usersCommand(surroundings: Surroundings, end: End): Command {
  return new Command('users')
    .description('Users: sign them out, forget them, unlock their accounts.')
    .addCommand(revokeCommand(surroundings, end))
    .addCommand(forgetCommand(surroundings, end))
    .addCommand(unlockCommand(surroundings, end))
}
