import { Command } from 'commander'
import type { End, Surroundings } from '../../surroundings.ts'
import { inspectCommand } from './inspect.ts'

/** @param end takes the code that the command ends with */
export function tokenCommand(surroundings: Surroundings, end: End): Command {
  return new Command('token')
    .description('Access tokens: what one says, and whether it is good.')
    .addCommand(inspectCommand(surroundings, end))
}
