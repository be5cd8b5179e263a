import { ConfigError } from '@sallyport/core/sink'

/**
 * Loads an engine that is installed separately. Rejects with a `ConfigError` if it is not installed; if something that it
 * needs itself is missing, it is broken instead.
 *
 * @param option the function that needs it, such as `cedar`
 */
export async function loadEngine<Module>(
  option: string,
  name: string,
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await load()
  } catch (cause) {
    if (!isMissing(cause, name)) throw cause
    throw new ConfigError(option, {
      sentence: `${option} needs the package ${name}: run "npm install ${name}"`,
    })
  }
}

function isMissing(cause: unknown, name: string): boolean {
  return (
    cause instanceof Error &&
    'code' in cause &&
    cause.code === 'ERR_MODULE_NOT_FOUND' &&
    cause.message.includes(`'${name}'`)
  )
}
