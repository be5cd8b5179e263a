import { Command } from 'commander'
import type { End, Surroundings } from '../../surroundings.ts'
import { listCommand } from './list.ts'
import { revokeCommand } from './revoke.ts'

/** @param end takes the code that the command ends with */
export function sessionsCommand(surroundings: Surroundings, end: End): Command {
  return new Command('sessions')
    .description('Sessions: who is signed in, and where.')
    .addCommand(listCommand(surroundings, end))
    .addCommand(revokeCommand(surroundings, end))
}
