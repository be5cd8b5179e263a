import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ended, type Place, spawnAt } from './machine.ts'
import type { ServerFigures } from './server.ts'
import type { Framework, Setup } from './setup.ts'

/** A contender that runs. */
export interface Contestant {
  readonly port: number
  figures(): Promise<ServerFigures>
  stop(): Promise<void>
}

export interface Entry {
  readonly framework: Framework
  readonly id: string
  readonly route: 'verify' | 'refresh'
}

/**
 * While the others are measured, V8 tidies up in a process that rests and throws compiled code away, which
 * costs Express half of its speed for seconds afterwards. A server in use has no such rest.
 */
const STAY_WARM = ['--no-memory-reducer', '--no-flush-bytecode']

export async function startContestant({ framework, id, route }: Entry, setup: Setup): Promise<Contestant> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'))
  const file = join(folder, 'setup.json')
  await writeFile(file, JSON.stringify(setup), { mode: 0o600 })
  const given = ['--framework', framework, '--contender', id, '--route', route, '--setup', file]
  const child = spawnAt(
    'measured',
    process.execPath,
    [...STAY_WARM, '--no-warnings', pathOf('server'), ...given],
    {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, NODE_ENV: 'production' },
    },
  )
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`${framework} ${id} ended with ${code}`)
  })
  const [port] = (await Promise.race([once(child, 'message'), failed])) as [number]
  failed.catch(() => {}) // from now on its end is no surprise
  await rm(folder, { recursive: true })
  return {
    port,
    async figures() {
      child.send('figures')
      const [figures] = (await once(child, 'message')) as [ServerFigures]
      return figures
    },
    async stop() {
      child.kill('SIGKILL')
      await ended(child)
    },
  }
}

export interface ProgramOptions {
  /** Default: the measured core. */
  readonly place?: Place
  /** Of Node.js. */
  readonly flags?: readonly string[]
}

/** Runs one of this folder's programs and gives what it sends. */
export async function runProgram<Result>(
  name: string,
  task: object,
  { place = 'measured', flags = [] }: ProgramOptions = {},
): Promise<Result> {
  const args = ['--no-warnings', ...flags, pathOf(name), JSON.stringify(task)]
  const child = spawnAt(place, process.execPath, args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  })
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`${name} ended with ${code} before it sent a result`)
  })
  const [result] = (await Promise.race([once(child, 'message'), failed])) as [Result]
  failed.catch(() => {})
  await ended(child)
  return result
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(`${name}.js`, import.meta.url))
}
