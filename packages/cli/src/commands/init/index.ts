import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import { folderOf } from '../../deployment/load.ts'
import { endBy } from '../../deployment/open.ts'
import { type End, type ExitCode, exitCodes, type Surroundings } from '../../surroundings.ts'
import { jsonText } from '../../terminal/safe.ts'
import { versionOfPackage } from '../../version.ts'
import { type Choices, frameworks, languages, moduleKinds, stores } from './choices.ts'
import { filesOf } from './files.ts'
import { extended, type Manifest } from './manifest.ts'
import { nextSteps } from './next-steps.ts'
import { choicesOf, type Given, originOf } from './questions.ts'
import { ignoreFiles, readManifest, refuseExisting, writeFiles, writeManifest } from './write.ts'

type InitFlags = Given & { readonly json?: true }

/** @param end takes the code that the command ends with */
export function initCommand(surroundings: Surroundings, end: End): Command {
  return new Command('init')
    .description('Writes a server that signs users in, refreshes and revokes. Asks what you need.')
    .argument('[folder]', 'where to write it', '.')
    .addOption(new Option('--framework <name>', 'the framework').choices(frameworks))
    .addOption(new Option('--store <name>', 'where sessions are kept').choices(stores))
    .option('--origin <origin>', 'the origin of your front end, if it is another one', originOf)
    .addOption(new Option('--language <name>', 'TypeScript or JavaScript; default: ts').choices(languages))
    .addOption(
      new Option('--modules <kind>', 'module system; default: that of package.json, or esm').choices(
        moduleKinds,
      ),
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Overwrites nothing: if one of its files is there already, nothing is written. To package.json and .gitignore
it adds what is missing. The secrets in .env are made for this folder alone.

Exit codes:
  0    written
  2    a file is there already, or wrong use
  130  interrupted

Example: sallyport init app --framework express --store redis --origin http://localhost:5173`,
    )
    .action(async (folder: string, flags: InitFlags) => end(await init(surroundings, folder, flags)))
}

async function init(surroundings: Surroundings, given: string, flags: InitFlags): Promise<ExitCode> {
  const folder = resolve(folderOf(surroundings), given)
  try {
    const manifest = await readManifest(folder)
    const choices = await choicesOf(surroundings, flags, manifest && modulesOf(manifest))
    const files = filesOf(choices)
    refuseExisting(folder, files)
    const next = extended(manifest, choices, versionOfPackage())
    await mkdir(folder, { recursive: true })
    await writeFiles(folder, files)
    await writeManifest(folder, next)
    await ignoreFiles(folder)
    const written = [...files.map(({ path }) => path), 'package.json', '.gitignore']
    surroundings.stdout.write(flags.json ? jsonText({ written }, 2) : nextSteps(given, written, choices))
    return exitCodes.whole
  } catch (cause) {
    return endBy(surroundings, cause)
  }
}

/** Node.js takes a package for CommonJS unless it says otherwise. */
function modulesOf({ type }: Manifest): Choices['modules'] {
  return type === 'module' ? 'esm' : 'cjs'
}
