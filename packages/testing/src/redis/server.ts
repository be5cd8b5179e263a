import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listen } from '../app/listen.ts'
import { commanded } from './inline.ts'
import { launch, type Process, type Program } from './process.ts'

export interface ServerOptions {
  readonly program: Program
  /** Further arguments of redis-server. */
  readonly args?: readonly string[] | undefined
  /** Default: a free one. */
  readonly port?: number | undefined
  /** Text of a configuration file, for what no argument can say. The server may write to the file. */
  readonly config?: string | undefined
}

export interface RestartOptions {
  /** Whether it has lost everything when it comes back. Default false. */
  readonly empty?: boolean | undefined
  /** What is done while it is away. */
  readonly meanwhile?: (() => unknown) | undefined
}

export interface RunningServer {
  readonly url: string
  readonly port: number
  /** Ends the server, and starts another on the same port, with the same arguments. */
  restart(options?: RestartOptions): Promise<void>
  /** Sends a signal and does not wait. */
  kill(signal: NodeJS.Signals): void
  /** Ends the server and removes its folder. */
  stop(): Promise<void>
}

const DUMP = 'dump.rdb'
const ATTEMPTS = 5

/** Starts a real server on 127.0.0.1, which writes nothing by itself, and dies with this process. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { program, args = [], port: wanted, config } = options
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-redis-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  const file = config === undefined ? [] : [join(folder, 'server.conf')]
  for (const path of file) await writeFile(path, config ?? '')
  const all = [...file, ...args]
  let running: Process
  try {
    running =
      wanted === undefined
        ? await launchAnywhere(program, folder, all)
        : await launch(program, folder, all, wanted)
  } catch (cause) {
    await remove()
    throw cause
  }
  const { port } = running
  return {
    url: `redis://127.0.0.1:${port}/0`,
    port,
    async restart({ empty = false, meanwhile } = {}) {
      if (!empty) await save(port)
      await running.end()
      if (empty) await rm(join(folder, DUMP), { force: true })
      await meanwhile?.()
      running = await launch(program, folder, all, port)
    },
    kill: (signal) => void running.child.kill(signal),
    async stop() {
      await running.end()
      await remove()
    },
  }
}

/** Writes everything to the disk, from where the next server reads it. */
async function save(port: number): Promise<void> {
  const reply = await commanded(port, 'SAVE', (text) => text.endsWith('\r\n'))
  if (!reply.startsWith('+OK'))
    throw new Error(`redis-server did not save what it has: ${reply.trim() || 'no answer'}`)
}

/** Between finding a free port and taking it another process may have taken it: then the next one. */
async function launchAnywhere(program: Program, folder: string, args: readonly string[]): Promise<Process> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await launch(program, folder, args, await freePort())
    } catch (cause) {
      if (attempt === ATTEMPTS || !/in use/i.test(String(cause))) throw cause
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}
