import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { SallyportOptions } from '@sallyport/core'
import { codeOf, messageOf, type Surroundings, UsageError } from '../surroundings.ts'
import { optionsFromEnvironment } from './from-environment.ts'
import { folderOf, loadFile } from './load.ts'

/** Where the options of an application are looked for if nobody says where they are. */
const USUAL: readonly string[] = ['js', 'mjs', 'cjs'].map((extension) => `sallyport.config.${extension}`)

/**
 * The options of the deployment: from the file of `--config` or of the variable `SALLYPORT_CONFIG`, from
 * `sallyport.config.js` in the current folder, or from the environment. Throws a `UsageError` if they can't be read.
 */
export async function readOptions(
  surroundings: Surroundings,
  config: string | undefined,
): Promise<SallyportOptions> {
  const file = optionsFile(surroundings, config)
  return file === undefined ? optionsFromEnvironment(surroundings) : optionsIn(surroundings, file)
}

/** The file that has the options; `undefined` if the environment has them. */
export function optionsFile(surroundings: Surroundings, config: string | undefined): string | undefined {
  const folder = folderOf(surroundings)
  const given = config ?? (surroundings.env.SALLYPORT_CONFIG || undefined)
  return given ?? USUAL.find((name) => existsSync(join(folder, name)))
}

async function optionsIn(surroundings: Surroundings, file: string): Promise<SallyportOptions> {
  try {
    const loaded = loadFile(surroundings, file)
    const exported = defaultOf(defaultOf(loaded))
    const options: unknown = typeof exported === 'function' ? await exported() : exported
    if (typeof options === 'object' && options !== null && !Array.isArray(options)) return options
  } catch (cause) {
    throw new UsageError(`the options in ${file} can't be read: ${reasonOf(cause)}`, { cause })
  }
  throw new UsageError(
    `${file} must have the options of createSallyport as its default export, or a function that returns them`,
  )
}

/** A compiled CommonJS module has its default export as a member, and an ES module has it as one in any case. */
function defaultOf(loaded: unknown): unknown {
  const isModule = typeof loaded === 'object' && loaded !== null && 'default' in loaded
  return isModule ? loaded.default : loaded
}

function reasonOf(cause: unknown): string {
  switch (codeOf(cause)) {
    case 'ERR_REQUIRE_ASYNC_MODULE':
      return 'it has an "await" outside of functions: export an async function that returns the options'
    case 'ERR_CONFIG':
      return `${messageOf(cause)}. Are the variables of your server set here, such as by node --env-file?`
    default:
      // Further lines say which module asked for it.
      return messageOf(cause).split('\n', 1)[0] ?? ''
  }
}
