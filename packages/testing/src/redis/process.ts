import type { ChildProcess } from 'node:child_process'
import { Socket } from 'node:net'
import { pause } from '../waiting.ts'
import { commanded } from './inline.ts'
import { ended, spawnTied } from './tied.ts'

/** What runs as redis-server. */
export interface Program {
  readonly command: string
  /** All variables of its process. Default: those of this one. */
  readonly env?: NodeJS.ProcessEnv | undefined
}

export interface Process {
  readonly child: ChildProcess
  readonly port: number
  /** Ends it as a crash does. */
  end(): Promise<void>
}

const START_MS = 15_000
const LOG_CHARS = 8192

/** Starts a server in a folder, and resolves when it answers. Rejects with what it has said if it does not start. */
export async function launch(
  { command, env }: Program,
  folder: string,
  args: readonly string[],
  port: number,
): Promise<Process> {
  const settings = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder]
  const memoryOnly = [...settings, '--save', '', '--appendonly', 'no']
  // A configuration file has to be the first argument.
  const [first = '', ...others] = args
  const ordered = first.endsWith('.conf') ? [first, ...memoryOnly, ...others] : [...memoryOnly, ...args]
  const child = spawnTied(command, ordered, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  const keep = (chunk: Buffer): void => {
    log = (log + chunk.toString()).slice(-LOG_CHARS)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  child.once('error', (error) => keep(Buffer.from(String(error))))
  const end = async (): Promise<void> => {
    child.ref()
    child.kill('SIGKILL')
    await ended(child)
  }

  const deadline = performance.now() + START_MS
  while (!(await isUp(port, child, log))) {
    const isDead = child.pid === undefined || child.exitCode !== null || child.signalCode !== null
    if (!isDead && performance.now() < deadline) {
      await pause(10)
      continue
    }
    await end()
    throw new Error(`redis-server did not start on port ${port}:\n${log}`)
  }
  letGo(child)
  return { child, port, end }
}

/** A test that fails before it stops the server must not keep the process of the tests alive. */
function letGo(child: ChildProcess): void {
  child.unref()
  for (const pipe of [child.stdout, child.stderr]) if (pipe instanceof Socket) pipe.unref()
}

/** Whether this server answers PING, and not somebody else's that was quicker to take the port. */
async function isUp(port: number, child: ChildProcess, log: string): Promise<boolean> {
  const isComplete = (text: string): boolean => text.startsWith('-') || /process_id:\d+\r/.test(text)
  const reply = await commanded(port, 'PING\r\nINFO server', isComplete)
  if (reply.startsWith('+PONG')) return reply.includes(`process_id:${child.pid}\r`)
  // With a password it does not tell its pid, but its log tells that the port is its own.
  return /^-(NOAUTH|NOPERM)/.test(reply) && /Ready to accept connections/.test(log)
}
