// Loads the sources as Vitest does: TypeScript by esbuild, and packages of ours from their sources.

import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { transform } from 'esbuild'

const root = new URL('../../../', import.meta.url)

/** @param {string} specifier */
function sourceOf(specifier) {
  if (specifier === '@sallyport/example-app') return new URL('examples/app/src/index.ts', root)
  const [, name, door = 'index'] = /^@sallyport\/([a-z0-9-]+)(?:\/([a-z-]+))?$/.exec(specifier) ?? []
  return name === undefined ? undefined : new URL(`packages/${name}/src/${door}.ts`, root)
}

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, next) {
  return next(sourceOf(specifier)?.href ?? specifier, context)
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context)
  const sourcefile = fileURLToPath(url)
  const { code } = await transform(await readFile(sourcefile, 'utf8'), {
    loader: 'ts',
    sourcefile,
    sourcemap: 'inline',
    target: 'node20',
  })
  return { format: 'module', source: code, shortCircuit: true }
}
