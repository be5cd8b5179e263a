import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findRedis } from '../../scripts/redis.mjs'
import { freePort } from './free-port.ts'
import { ended, spawnTied } from './tied.ts'

export interface RedisOptions {
  /** Further arguments of redis-server, e.g. `['--maxmemory', '1mb']`. */
  readonly args?: readonly string[]
  /** Default: a free one. */
  readonly port?: number
  /** Text of a configuration file, for what no argument can say; the server may write to the file. */
  readonly config?: string
}

export interface RedisServer {
  readonly url: string
  readonly port: number
  /** Ends the server and removes its folder. */
  stop(): Promise<void>
  /** Sends a signal and does not wait. Default SIGKILL; SIGSTOP and SIGCONT make it hang and go on. */
  kill(signal?: NodeJS.Signals): void
  /** A new, empty server on the same port with the same arguments, whether the old one still runs or not. */
  restartEmpty(): Promise<void>
}

const START_MILLISECONDS = 15_000

/** To find it takes about as long as to start it. */
let found: ReturnType<typeof findRedis> | undefined

/** Starts a real redis-server of its own on 127.0.0.1, which keeps nothing on disk and dies with the tests. */
export async function startRedis({
  args = [],
  port: wanted,
  config,
}: RedisOptions = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-redis-'))
  const file = config === undefined ? [] : [join(folder, 'server.conf')]
  for (const path of file) await writeFile(path, config ?? '')
  const all = [...file, ...args]
  let running: Running
  try {
    running = wanted === undefined ? await launchAnywhere(folder, all) : await launch(folder, all, wanted)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
  const { port } = running

  const end = async (): Promise<void> => {
    running.child.kill('SIGKILL')
    await ended(running.child)
  }
  return {
    url: `redis://127.0.0.1:${port}/0`,
    port,
    async stop() {
      await end()
      await rm(folder, { recursive: true, force: true })
    },
    kill(signal = 'SIGKILL') {
      running.child.kill(signal)
    },
    async restartEmpty() {
      await end()
      running = await launch(folder, all, port)
    },
  }
}

interface Running {
  readonly child: ChildProcess
  readonly port: number
}

/** Between finding a free port and taking it another process may have taken it: then the next one. */
async function launchAnywhere(folder: string, args: readonly string[]): Promise<Running> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await launch(folder, args, await freePort())
    } catch (error) {
      if (attempt === 5 || !/in use/i.test(String(error))) throw error
    }
  }
}

async function launch(folder: string, args: readonly string[], port: number): Promise<Running> {
  found ??= findRedis()
  const { command, env } = await found
  const settings = [
    '--bind',
    '127.0.0.1',
    '--port',
    String(port),
    '--dir',
    folder,
    '--save',
    '',
    '--appendonly',
    'no',
  ]
  // A configuration file has to be the first argument.
  const [first = '', ...others] = args
  const ordered = first.endsWith('.conf') ? [first, ...settings, ...others] : [...settings, ...args]
  const child = spawnTied(command, ordered, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  const keep = (chunk: Buffer): void => {
    log = (log + chunk.toString()).slice(-8192)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  child.once('error', (error) => keep(Buffer.from(String(error))))

  const deadline = Date.now() + START_MILLISECONDS
  while (!(await isUp(port, child, log))) {
    const dead = child.pid === undefined || child.exitCode !== null || child.signalCode !== null
    if (!dead && Date.now() < deadline) {
      await sleep(10)
      continue
    }
    child.kill('SIGKILL')
    await ended(child)
    throw new Error(`redis-server did not start on port ${port}:\n${log}`)
  }
  return { child, port }
}

/** Whether this server answers PING, and not somebody else's that was quicker to take the port. */
async function isUp(port: number, child: ChildProcess, log: string): Promise<boolean> {
  const complete = (text: string): boolean => text.startsWith('-') || /process_id:\d+\r/.test(text)
  const reply = await ask(port, 'PING\r\nINFO server\r\n', complete)
  if (reply.startsWith('+PONG')) return reply.includes(`process_id:${child.pid}\r`)
  // With a password it does not tell its pid, but its log tells that the port is its own.
  return /^-(NOAUTH|NOPERM)/.test(reply) && /Ready to accept connections/.test(log)
}

/** Sends inline commands over a socket and gives the reply once it is complete; nothing when there is none. */
function ask(port: number, commands: string, complete: (text: string) => boolean): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(port, '127.0.0.1')
    const finish = (): void => {
      socket.destroy()
      resolve(text)
    }
    socket.setTimeout(1000, finish)
    socket.once('error', finish)
    socket.once('end', finish)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (complete(text)) finish()
    })
    socket.write(commands)
  })
}
