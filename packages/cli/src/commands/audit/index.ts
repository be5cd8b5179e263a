import { Command } from 'commander'
import type { End, Surroundings } from '../../surroundings.ts'
import { headsCommand } from './heads.ts'
import { queryCommand } from './query.ts'
import { tailCommand } from './tail.ts'
import { verifyCommand } from './verify.ts'

/** @param end takes the code that the command ends with */
export function auditCommand(surroundings: Surroundings, end: End): Command {
  return new Command('audit')
    .description('Audit trails that toFile() of @sallyport/audit has written.')
    .addCommand(tailCommand(surroundings, end))
    .addCommand(queryCommand(surroundings, end))
    .addCommand(verifyCommand(surroundings, end))
    .addCommand(headsCommand(surroundings, end))
}
