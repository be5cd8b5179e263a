import { posix } from 'node:path'
import { lineCount, type Source } from '../source.ts'

const MAX_LINES = 250
const MAX_FILES = 12
const MAX_ADAPTER_LINES = 120

export function longFiles(sources: readonly Source[]): string[] {
  return sources.filter((one) => lineCount(one) > MAX_LINES).map(({ path }) => `${path} is too long`)
}

/** Files in sub-folders count for those. */
export function fullFolders(sources: readonly Source[]): string[] {
  const counts = new Map<string, number>()
  for (const { path } of sources) {
    const folder = posix.dirname(path)
    if (isIn('packages/core/src', path)) counts.set(folder, (counts.get(folder) ?? 0) + 1)
  }
  return [...counts]
    .filter(([, count]) => count > MAX_FILES)
    .map(([folder, count]) => `${folder} has ${count} files`)
}

/** An adapter only translates. Its `augment.ts` extends the types of the framework, and does not count. */
export function thickAdapters(sources: readonly Source[]): string[] {
  return ['express', 'koa', 'fastify'].flatMap((name) => {
    const folder = `packages/${name}/src`
    const code = sources.filter(({ path }) => isIn(folder, path) && path !== `${folder}/augment.ts`)
    const lines = code.reduce((sum, source) => sum + lineCount(source), 0)
    return lines > MAX_ADAPTER_LINES ? [`${folder} has ${lines} lines`] : []
  })
}

/** What CONTRIBUTING.md tells a newcomer to read first. */
const HEART = ['sallyport', 'access/inspect', 'sessions/rotate', 'revocation/replica', 'ports/sessions']
const MAX_HEART_LINES = 1000

/** The files that tell how everything works. */
export function longHeart(sources: readonly Source[]): string[] {
  const files = HEART.map((name) => `packages/core/src/${name}.ts`)
  const read = sources.filter(({ path }) => files.includes(path) || isIn('packages/core/src/seam', path))
  const lines = read.reduce((sum, source) => sum + lineCount(source), 0)
  return lines < MAX_HEART_LINES ? [] : [`the files to read first have ${lines} lines`]
}

function isIn(folder: string, path: string): boolean {
  return path.startsWith(`${folder}/`)
}
