import { Command } from 'commander'
import type { End, Surroundings } from '../../surroundings.ts'
import { checkCommand } from './check.ts'

/** @param end takes the code that the command ends with */
export function storeCommand(surroundings: Surroundings, end: End): Command {
  return new Command('store')
    .description('The store: Redis or PostgreSQL.')
    .addCommand(checkCommand(surroundings, end))
}
