import { posix } from 'node:path'
import type { Source } from './source.ts'

/** The files that import each other in a circle. Imports of types count too. */
export function cycles(sources: readonly Source[]): string[] {
  const imported = new Map(sources.map((source) => [source.path, filesImportedBy(source)]))
  const found: string[] = []
  const done = new Set<string>()
  const visit = (path: string, way: readonly string[]): void => {
    const at = way.indexOf(path)
    if (at !== -1) found.push([...way.slice(at), path].join(' -> '))
    if (at !== -1 || done.has(path)) return
    for (const next of imported.get(path) ?? []) visit(next, [...way, path])
    done.add(path)
  }
  for (const path of imported.keys()) visit(path, [])
  return found
}

function filesImportedBy({ path, imports }: Source): string[] {
  return imports.flatMap(({ from }) => (from?.startsWith('.') ? [posix.join(posix.dirname(path), from)] : []))
}
