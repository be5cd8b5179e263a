import { Command } from 'commander'
import { auditCommand } from './commands/audit/index.ts'
import { completionCommand } from './commands/completion.ts'
import { doctorCommand } from './commands/doctor.ts'
import { initCommand } from './commands/init/index.ts'
import { keysCommand } from './commands/keys/index.ts'
import { revokeAllCommand } from './commands/revoke-all.ts'
import { sessionsCommand } from './commands/sessions/index.ts'
import { storeCommand } from './commands/store/index.ts'
import { tokenCommand } from './commands/token/index.ts'
import { usersCommand } from './commands/users/index.ts'
import type { End, Surroundings } from './surroundings.ts'

/** The whole command line. A new command is one file of `commands/`, and one line here. */
export function createProgram(surroundings: Surroundings, end: End): Command {
  const program = new Command('sallyport')
    .description('Looks after a deployment of Sallyport.')
    .configureHelp({ showGlobalOptions: false, sortSubcommands: false })
    .addHelpText(
      'after',
      `
Whoever may run a command is decided by your options: it works with the store and the secret that they name.
"sallyport <command> --help" says what a command does, and what its exit code means.

An account was stolen:       sallyport users revoke <subject> --api-keys
A signing key has leaked:    sallyport keys list, then sallyport keys compromise <kid>
Nobody knows what leaked:    sallyport revoke-all
A token is refused, and why: sallyport token inspect
Is all of it set up well?    sallyport doctor`,
    )
  for (const make of [
    ...[initCommand, sessionsCommand, usersCommand, revokeAllCommand, keysCommand, tokenCommand],
    ...[storeCommand, auditCommand, doctorCommand],
  ])
    program.addCommand(make(surroundings, end))
  return program.addCommand(completionCommand(surroundings, end, program))
}

/** A command and all below it. */
export function withAll(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withAll)]
}
