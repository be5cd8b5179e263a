import { Command } from 'commander'
import type { End, Surroundings } from '../../surroundings.ts'
import { compromiseCommand } from './compromise.ts'
import { exportCommand } from './export-jwks.ts'
import { listCommand } from './list.ts'
import { rotateCommand } from './rotate.ts'

/** @param end takes the code that the command ends with */
export function keysCommand(surroundings: Surroundings, end: End): Command {
  return new Command('keys')
    .description('The keys that sign access tokens.')
    .addCommand(listCommand(surroundings, end))
    .addCommand(rotateCommand(surroundings, end))
    .addCommand(compromiseCommand(surroundings, end))
    .addCommand(exportCommand(surroundings, end))
}
