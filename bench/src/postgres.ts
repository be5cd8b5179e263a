import { type ChildProcess, execFile } from 'node:child_process'
import { chown, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { ended, spawnAt } from './machine.ts'
import { freePort } from './redis.ts'

interface PostgresPrograms {
  readonly bin: string
  readonly env: Readonly<Record<string, string>>
  readonly version: string
  readonly user: { readonly uid?: number; readonly gid?: number }
}

interface Finder {
  findPostgres(): Promise<PostgresPrograms>
}

export interface BenchPostgres {
  readonly url: string
  readonly version: string
  /** How often a second a page can be written so that it outlives a loss of power, where the server keeps its data. */
  readonly syncsPerSecond: number
  stop(): Promise<void>
}

const START_MS = 30_000
const SYNC_MS = 500
const PAGE_BYTES = 8192

/** Starts an empty server of its own with the settings of its authors: each commit waits for the disk. */
export async function startPostgres(): Promise<BenchPostgres> {
  // One place knows how to find the programs: the script that `npm run postgres` runs.
  const script = new URL('../../scripts/postgres.mjs', import.meta.url).href
  const { findPostgres } = (await import(script)) as Finder
  const { bin, env, version, user } = await findPostgres()
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'))
  const syncsPerSecond = await countSyncs(folder)
  if (user.uid !== undefined && user.gid !== undefined) await chown(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  const options = { ...user, cwd: folder, env: { ...process.env, ...env, LC_ALL: 'C' } }
  const wanted = ['--encoding=UTF8', '--locale=C', '--auth=trust', '--username=bench']
  await promisify(execFile)(join(bin, 'initdb'), [...wanted, `--pgdata=${data}`], options)
  const port = await freePort()
  const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: 100 }
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawnAt('others', join(bin, 'postgres'), ['-D', data, ...args], {
    ...options,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await untilReady(child)
  return {
    url: `postgres://bench@127.0.0.1:${port}/postgres`,
    version,
    syncsPerSecond,
    async stop() {
      child.kill('SIGQUIT')
      await ended(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function untilReady(child: ChildProcess): Promise<void> {
  let log = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-8192)
  })
  const deadline = performance.now() + START_MS
  while (!log.includes('ready to accept connections')) {
    if (child.exitCode !== null || performance.now() > deadline) {
      child.kill('SIGQUIT')
      throw new Error(`postgres did not start:\n${log}`)
    }
    await sleep(20)
  }
}

async function countSyncs(folder: string): Promise<number> {
  const file = await open(join(folder, 'synced'), 'w')
  const page = Buffer.alloc(PAGE_BYTES, 1)
  const start = performance.now()
  let syncs = 0
  while (performance.now() - start < SYNC_MS) {
    await file.write(page, 0, PAGE_BYTES, 0)
    await file.datasync()
    syncs++
  }
  const seconds = (performance.now() - start) / 1000
  await file.close()
  await rm(join(folder, 'synced'))
  return syncs / seconds
}
