import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { codeOf, UsageError } from '../../surroundings.ts'
import type { NewFile } from './choices.ts'
import type { Manifest } from './manifest.ts'

const IGNORED: readonly string[] = ['.env', 'node_modules', 'dist', 'cookies.txt']

/** Throws a `UsageError` if one of the files is there already: nothing is ever overwritten. */
export function refuseExisting(folder: string, files: readonly NewFile[]): void {
  const existing = files.filter(({ path }) => existsSync(join(folder, path))).map(({ path }) => path)
  if (existing.length > 0)
    throw new UsageError(`${existing.join(', ')} exist already, and nothing was written: use another folder`)
}

export async function writeFiles(folder: string, files: readonly NewFile[]): Promise<void> {
  for (const { path, text, isSecret } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text, { flag: 'wx', mode: isSecret ? 0o600 : 0o666 })
  }
}

/** `undefined` if there is none. */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  const text = await readIfThere(join(folder, 'package.json'))
  if (text === undefined) return undefined
  try {
    const manifest: unknown = JSON.parse(text)
    if (typeof manifest === 'object' && manifest !== null) return { ...manifest }
  } catch {}
  throw new UsageError('package.json is no JSON object')
}

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
}

/** Adds what must not get into the repository, where it is missing. */
export async function ignoreFiles(folder: string): Promise<void> {
  const path = join(folder, '.gitignore')
  const text = (await readIfThere(path)) ?? ''
  const known = text.split(/\r?\n/).map((line) => line.replace(/^\/|\/$/g, ''))
  const missing = IGNORED.filter((name) => !known.includes(name))
  if (missing.length === 0) return
  const separator = text === '' || text.endsWith('\n') ? '' : '\n'
  await writeFile(path, `${text}${separator}${missing.join('\n')}\n`)
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined
    throw cause
  }
}
