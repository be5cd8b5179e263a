import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import type { Surroundings } from '../surroundings.ts'

/** Loads a package as the application in the current folder would. Throws what Node.js throws. */
export function loadFrom(surroundings: Surroundings, name: string): unknown {
  return createRequire(join(folderOf(surroundings), 'package.json'))(name)
}

/** Loads a module by its path, whether it is an ES module or CommonJS. Throws what Node.js throws, and what it throws. */
export function loadFile(surroundings: Surroundings, file: string): unknown {
  const path = resolve(folderOf(surroundings), file)
  return createRequire(path)(path)
}

export function folderOf(surroundings: Surroundings): string {
  return resolve(surroundings.cwd?.() ?? '.')
}
