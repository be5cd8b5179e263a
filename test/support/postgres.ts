import { type ChildProcess, execFile } from 'node:child_process'
import { chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { findPostgres } from '../../scripts/postgres.mjs'
import { freePort } from './free-port.ts'
import { ended, spawnTied } from './tied.ts'

export interface PostgresOptions {
  /** Whether commits reach the disk, as in production. Without it only a crash of the machine loses any. */
  readonly durable?: boolean
  /** Further settings of the server, such as `{ max_connections: '10' }`. */
  readonly settings?: Readonly<Record<string, string>>
}

export interface PostgresServer {
  /** Of the database of the administrator. */
  readonly url: string
  readonly port: number
  /** A new, empty database; its URL. */
  createDatabase(): Promise<string>
  /** Runs statements as the administrator, in the database of a URL. Default: his own. */
  query(sql: string, url?: string): Promise<readonly Readonly<Record<string, unknown>>[]>
  /** Ends the server and removes its folder. */
  stop(): Promise<void>
  /** Ends all processes of the server as a crash of it does. */
  kill(): Promise<void>
  /** The same server with the same data on the same port, whether the old one still runs or not. */
  restart(): Promise<void>
  /** The server hangs: it keeps its connections, and takes new ones, but does nothing. */
  pause(): Promise<void>
  resume(): Promise<void>
  /** Takes a backup while the server stands still; what it returns sets the server back to it. */
  backUp(): Promise<() => Promise<void>>
}

const ADMINISTRATOR = 'sallyport'
/** Passwords are checked slowly on purpose, and tests connect very often. Users that a test creates need theirs. */
const ACCESS = `host all ${ADMINISTRATOR} 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
`
const START_MILLISECONDS = 30_000
const STOP_MILLISECONDS = 10_000

/** Starts a real PostgreSQL of its own on 127.0.0.1, which dies with the tests. */
export async function startPostgres({
  durable = false,
  settings = {},
}: PostgresOptions = {}): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-postgres-'))
  const data = join(folder, 'data')
  const all = { ...(durable ? {} : { fsync: 'off', full_page_writes: 'off' }), ...settings }
  let running: Running
  try {
    await initialize(folder, data)
    running = await launchAnywhere(data, all)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
  const { port } = running
  const urlOf = (database: string): string => `postgres://${ADMINISTRATOR}@127.0.0.1:${port}/${database}`
  let databases = 0
  let backups = 0

  const signalAll = async (signal: NodeJS.Signals): Promise<void> => {
    const { pid, exitCode, signalCode } = running.child
    if (pid === undefined || exitCode !== null || signalCode !== null) return
    // Stopped first, it can start no further processes while those that there are get the signal.
    process.kill(pid, 'SIGSTOP')
    for (const child of await childrenOf(pid)) trySignal(child, signal)
    process.kill(pid, signal)
  }
  const end = async (): Promise<void> => {
    await signalAll('SIGCONT')
    running.child.kill('SIGQUIT') // the immediate shutdown
    const late = setTimeout(() => void signalAll('SIGKILL'), STOP_MILLISECONDS)
    await ended(running.child)
    clearTimeout(late)
  }
  const restart = async (): Promise<void> => {
    await end()
    running = await launch(data, all, port)
  }
  const query: PostgresServer['query'] = async (sql, url = urlOf('postgres')) => {
    const client = new Client({ connectionString: url })
    client.on('error', () => {})
    await client.connect()
    try {
      return (await client.query(sql)).rows ?? []
    } finally {
      await client.end()
    }
  }
  return {
    url: urlOf('postgres'),
    port,
    query,
    async createDatabase() {
      const name = `place_${++databases}`
      await query(`CREATE DATABASE ${name}`)
      return urlOf(name)
    },
    async stop() {
      await end()
      await rm(folder, { recursive: true, force: true })
    },
    async kill() {
      await signalAll('SIGKILL')
      await ended(running.child)
    },
    restart,
    pause: () => signalAll('SIGSTOP'),
    resume: () => signalAll('SIGCONT'),
    async backUp() {
      const backup = join(folder, `backup-${++backups}`)
      await end()
      await copy(data, backup)
      running = await launch(data, all, port)
      return async () => {
        await end()
        await rm(data, { recursive: true })
        await copy(backup, data)
        running = await launch(data, all, port)
      }
    },
  }
}

interface Running {
  readonly child: ChildProcess
  readonly port: number
}

async function initialize(folder: string, data: string): Promise<void> {
  const { user } = await findPostgres()
  await mkdir(data, { mode: 0o700 })
  if (user.uid !== undefined && user.gid !== undefined)
    for (const path of [folder, data]) await chown(path, user.uid, user.gid)
  const { child, log } = await spawnProgram('initdb', data, [
    ...['--encoding=UTF8', '--locale=C', '--auth=trust', '--no-sync', '--no-instructions'],
    `--username=${ADMINISTRATOR}`,
    `--pgdata=${data}`,
  ])
  await ended(child)
  if (child.exitCode !== 0) throw new Error(`initdb failed:\n${log()}`)
  await writeFile(join(data, 'pg_hba.conf'), ACCESS)
}

/** Between finding a free port and taking it another process may have taken it: then the next one. */
async function launchAnywhere(data: string, settings: Readonly<Record<string, string>>): Promise<Running> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await launch(data, settings, await freePort())
    } catch (error) {
      if (attempt === 5 || !/in use/i.test(String(error))) throw error
    }
  }
}

async function launch(
  data: string,
  settings: Readonly<Record<string, string>>,
  port: number,
): Promise<Running> {
  const own = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    shared_buffers: '32MB',
    max_connections: '100',
    log_destination: 'stderr',
    logging_collector: 'off',
    ...settings,
  }
  const args = Object.entries(own).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const deadline = Date.now() + START_MILLISECONDS
  for (;;) {
    const { child, log } = await spawnProgram('postgres', data, ['-D', data, ...args])
    const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null
    while (!isOver() && !isReady(log()) && Date.now() < deadline) await sleep(10)
    if (!isOver() && isReady(log())) return { child, port }
    child.kill('SIGKILL')
    await ended(child)
    // The processes of one that was killed may take a moment to notice, and hold its memory until then.
    if (!/shared memory block .* still in use/.test(log()) || Date.now() >= deadline)
      throw new Error(`postgres did not start on port ${port}:\n${log()}`)
    await sleep(50)
  }
}

function isReady(log: string): boolean {
  return log.includes('database system is ready to accept connections')
}

async function spawnProgram(
  name: 'initdb' | 'postgres',
  cwd: string,
  args: readonly string[],
): Promise<{ readonly child: ChildProcess; log(): string }> {
  const { bin, env, user } = await findPostgres()
  const child = spawnTied(join(bin, name), args, {
    ...user,
    cwd,
    // The language of the messages, by which it is known that the server is up.
    env: { ...process.env, ...env, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  const keep = (chunk: Buffer): void => {
    log = (log + chunk.toString()).slice(-8192)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  child.once('error', (error) => keep(Buffer.from(String(error))))
  return { child, log: () => log }
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return children.trim().split(' ').filter(Boolean).map(Number)
}

function trySignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ESRCH')) throw cause
  }
}

/** With its owner, and with the rights without which the server refuses it. */
async function copy(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', from, to])
}
