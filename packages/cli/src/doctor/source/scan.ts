import type { Dirent } from 'node:fs'
import { opendir, readFile, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Sighting } from '../catalogue.ts'
import { patterns } from './patterns.ts'

const MOST_FILES = 20_000
const MOST_BYTES = 1_048_576
const MOST_LINE = 2000
const MOST_SIGHTINGS = 200
const MIN_SECRET = 16
const SKIPPED: ReadonlySet<string> = new Set(['node_modules', '.git', 'dist', 'build', 'coverage', '.cache'])
const READ =
  /\.(?:[cm]?[jt]sx?|json|ya?ml|toml|ini|conf|cfg|pem|key|properties|sh|tf|vue|svelte|html?)$|(?:^|[/\\])(?:\.env(?:\..+)?|Dockerfile)$/

/**
 * Looks for secrets below a folder, file by file and line by line. Follows no links. Rejects if the folder can't be read.
 *
 * @param secrets those of the deployment, which are looked for as they are
 */
export async function scanSource(folder: string, secrets: readonly string[]): Promise<readonly Sighting[]> {
  const sightings: Sighting[] = []
  const own = secrets.filter((secret) => secret.length >= MIN_SECRET)
  let files = 0
  for await (const path of filesBelow(folder)) {
    files += 1
    const name = relative(folder, path)
    if (files > MOST_FILES || sightings.length >= MOST_SIGHTINGS) {
      sightings.push({ id: 'source-incomplete', seen: `stopped after ${files - 1} files` })
      break
    }
    const isRead = await readLines(path, (line, number) => {
      for (const { id, seen } of sightingsIn(line, own))
        sightings.push({ id, seen: `${name}:${number}: ${seen}`, place: { file: name, line: number } })
    })
    if (!isRead) sightings.push({ id: 'source-incomplete', seen: `${name} is too large, or can't be read` })
  }
  return sightings
}

function sightingsIn(
  line: string,
  own: readonly string[],
): readonly { readonly id: string; readonly seen: string }[] {
  if (own.some((secret) => line.includes(secret)))
    return [{ id: 'source-own-secret', seen: 'the secret of this deployment' }]
  const found = patterns.find(({ pattern }) => pattern.test(line))
  return found === undefined ? [] : [found]
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  const entries: Dirent[] = []
  for await (const entry of await opendir(folder)) entries.push(entry)
  for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      if (!SKIPPED.has(entry.name)) yield* filesBelow(path)
    } else if (entry.isFile() && READ.test(path)) yield path
  }
}

/** Whether the file could be read. */
async function readLines(path: string, look: (line: string, number: number) => void): Promise<boolean> {
  try {
    if ((await stat(path)).size > MOST_BYTES) return false
    const lines = (await readFile(path, 'utf8')).split('\n')
    for (const [index, line] of lines.entries()) look(line.slice(0, MOST_LINE), index + 1)
    return true
  } catch {
    return false
  }
}
