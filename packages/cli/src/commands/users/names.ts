import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { folderOf } from '../../deployment/load.ts'
import { codeOf, type Surroundings, UsageError } from '../../surroundings.ts'
import { readInput } from '../../terminal/ask.ts'
import { utf8Of } from '../../terminal/utf8.ts'

const STANDARD_INPUT = '-'

interface Named {
  readonly name: string
  /** Where it stands, such as `line 3 of users.txt`. */
  readonly place: string
}

/**
 * The names that are given as arguments, and those in a file, one a line, without spaces around them. Each counts once.
 * Rejects with a `UsageError` that names the place of the first one that no user can have.
 */
export async function namesIn(
  surroundings: Surroundings,
  given: readonly string[],
  file: string | undefined,
): Promise<readonly string[]> {
  const all = [
    ...given.map((name, index): Named => ({ name, place: `argument ${index + 1}` })),
    ...(file === undefined ? [] : await listedIn(surroundings, file)),
  ]
  // Not at the top, since help and completion do not need it, and it takes most of the time in which a command starts.
  const { isForeignName, isName } = await import('@sallyport/core/adapter')
  for (const { name, place } of all) {
    if (!isName(name))
      throw nobody(
        place,
        'an id of a user has 1 to 255 characters, without zero characters or halves of surrogate pairs',
      )
    if (isForeignName(name))
      throw nobody(
        place,
        'an id of a user does not begin with a URL and a space: only names from other issuers do',
      )
  }
  return [...new Set(all.map(({ name }) => name))]
}

function nobody(place: string, why: string): UsageError {
  return new UsageError(`${place}: ${why}. Nobody was signed out.`)
}

async function listedIn(surroundings: Surroundings, file: string): Promise<readonly Named[]> {
  const where = file === STANDARD_INPUT ? 'standard input' : file
  const text = file === STANDARD_INPUT ? await readInput(surroundings) : await textIn(surroundings, file)
  return text
    .split(/\r\n?|\n/)
    .map((line, index) => ({ name: line.trim(), place: `line ${index + 1} of ${where}` }))
    .filter(({ name }) => name !== '')
}

async function textIn(surroundings: Surroundings, file: string): Promise<string> {
  try {
    return utf8Of(await readFile(resolve(folderOf(surroundings), file)), 'the file of --from')
  } catch (cause) {
    if (cause instanceof UsageError) throw cause
    throw new UsageError(`the file of --from can't be read: ${String(codeOf(cause))}`, { cause })
  }
}
