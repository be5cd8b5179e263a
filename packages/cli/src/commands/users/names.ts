import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { folderOf } from '../../deployment/load.ts'
import { codeOf, type Surroundings, UsageError } from '../../surroundings.ts'
import { readInput } from '../../terminal/ask.ts'

const STANDARD_INPUT = '-'

/** The names that are given as arguments, and those in a file, one a line. Each counts once. */
export async function namesIn(
  surroundings: Surroundings,
  given: readonly string[],
  file: string | undefined,
): Promise<readonly string[]> {
  const text = file === undefined ? '' : await textOf(surroundings, file)
  const listed = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  return [...new Set([...given, ...listed])]
}

async function textOf(surroundings: Surroundings, file: string): Promise<string> {
  if (file === STANDARD_INPUT) return readInput(surroundings)
  try {
    return await readFile(resolve(folderOf(surroundings), file), 'utf8')
  } catch (cause) {
    throw new UsageError(`the file of --from can't be read: ${String(codeOf(cause))}`, { cause })
  }
}
