import { Command } from 'commander'
import type { ExitCode, Surroundings } from '../../surroundings.ts'
import { headsCommand } from './heads.ts'
import { verifyCommand } from './verify.ts'

/** @param end takes the code that the command ends with */
export function auditCommand(surroundings: Surroundings, end: (code: ExitCode) => void): Command {
  return new Command('audit')
    .description('Audit trails that toFile() of @sallyport/audit has written.')
    .addCommand(verifyCommand(surroundings, end))
    .addCommand(headsCommand(surroundings, end))
}
