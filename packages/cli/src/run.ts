import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { auditCommand } from './commands/audit/index.ts'
import { type ExitCode, exitCodes, messageOf, type Surroundings, unusable } from './surroundings.ts'

/**
 * Runs one command of `sallyport`, as the program of that name does. Resolves to its exit code: 0 if everything is as it
 * should be, 1 if the command found something that is wrong, 2 if it could not do its work. Never rejects, and ends no
 * process.
 *
 * @param args without the names of Node.js and of the program: `process.argv.slice(2)`
 * @param surroundings `process` itself, or what stands in for it
 */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { stdout, stderr } = surroundings
  let code: ExitCode = exitCodes.whole
  const program = new Command('sallyport')
    .description('Looks after what Sallyport leaves on a server.')
    .version(versionOfPackage())
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (text, write) => write(withoutValue(text)),
    })
    .configureHelp({ showGlobalOptions: false })
    .exitOverride()
  program.addCommand(
    auditCommand(surroundings, (given) => {
      code = given
    }),
  )
  for (const command of withAll(program)) command.copyInheritedSettings(program)
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (cause) {
    // Commander has said what is wrong, or shown the help.
    if (cause instanceof CommanderError) return cause.exitCode === 0 ? exitCodes.whole : exitCodes.unusable
    return unusable(surroundings, messageOf(cause))
  }
}

/** What somebody gives with an option that there is not, such as `--key=…`, may be secret. */
function withoutValue(message: string): string {
  return message.replace(/(unknown option '--[^=']*)=.*'/s, "$1'")
}

/** A command that is made apart does not inherit by itself. */
function withAll({ commands }: Command): readonly Command[] {
  return commands.flatMap((command) => [command, ...withAll(command)])
}

function versionOfPackage(): string {
  const { version }: { readonly version: string } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  )
  return version
}
