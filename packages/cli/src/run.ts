import { CommanderError } from 'commander'
import { endBy } from './deployment/open.ts'
import { createProgram, withAll } from './program.ts'
import { refusedArguments, refusedOption } from './secret-arguments.ts'
import { type ExitCode, exitCodes, type Surroundings, unusable } from './surroundings.ts'
import { versionOfPackage } from './version.ts'

/**
 * Runs one command of `sallyport`, as the program of that name does. Resolves to its exit code: 0 if everything is done
 * and as it should be, 1 if the command found something that is wrong or did not do what was asked, 2 if it could not do
 * its work, 3 if the store did not answer, 130 after Ctrl-C. Never rejects, and ends no process.
 *
 * @param args without the names of Node.js and of the program: `process.argv.slice(2)`
 * @param surroundings `process` itself, or what stands in for it
 */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { stdout, stderr } = surroundings
  const refused = refusedArguments(args)
  if (refused !== undefined) return unusable(surroundings, refused)
  let code: ExitCode = exitCodes.whole
  const program = createProgram(surroundings, (given) => {
    code = given
  })
    .version(versionOfPackage())
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (text, write) => write(refusedOption(text)),
    })
    .exitOverride()
  for (const command of withAll(program)) if (command !== program) command.copyInheritedSettings(program)
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (cause) {
    // Commander has said what is wrong, or shown the help.
    if (cause instanceof CommanderError) return cause.exitCode === 0 ? exitCodes.whole : exitCodes.unusable
    return endBy(surroundings, cause)
  }
}
