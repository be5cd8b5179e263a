import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Files } from './programs.ts'
import type { Setup } from './setups.ts'

/**
 * What is not our fault: Express brings along content-disposition 2, whose own types lack what the types of Koa take
 * from those of version 1. It shows where both frameworks are in one `node_modules`, with us or without us.
 */
const KNOWN =
  /^\S*node_modules\/@types\/koa\/index\.d\.ts\S+ error TS2694: .*content-disposition.* 'Options'\.$/

/** Writes a project of this set-up, beside the `node_modules` that all share. */
export async function writeProject(
  folder: string,
  { isModule, options }: Setup,
  files: Files,
): Promise<void> {
  const compilerOptions = {
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
    ...{ target: 'es2023', lib: ['es2023'], types: ['node'] },
    ...{ declaration: true, rootDir: '.', outDir: 'out', noEmitOnError: true },
    ...options,
  }
  const all: Files = {
    'package.json': JSON.stringify(isModule ? { type: 'module' } : {}),
    'tsconfig.json': JSON.stringify({ compilerOptions, exclude: ['out'] }),
    ...files,
  }
  for (const [name, text] of Object.entries(all)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
}

/** Compiles a project, and gives what the compiler says: nothing if all is well. */
export async function compile(folder: string, { tsc }: Setup, skipLibCheck: boolean): Promise<string[]> {
  const args = [tsc, '-p', folder, '--skipLibCheck', String(skipLibCheck), '--pretty', 'false']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder }).catch(failure)
  return stdout
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '' && !KNOWN.test(line))
}

/** A compiler that found something ends with 1 or 2, and says it; whatever else happened is thrown. */
function failure(cause: { readonly code?: unknown; readonly stdout: string }): { readonly stdout: string } {
  if ((cause.code === 1 || cause.code === 2) && cause.stdout !== '') return cause
  throw cause
}
