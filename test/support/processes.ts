import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ended, spawnTied } from './tied.ts'

export type Framework = 'express' | 'koa' | 'fastify'
/** The example servers: the same one on each framework, and the one that keeps streams open. */
export type Example = Framework | 'live'

export interface ServerProcess {
  readonly url: string
  readonly pid: number
  /** Standard output so far, line by line; grows while the server runs. */
  readonly lines: readonly string[]
  /** Standard error, likewise. */
  readonly errors: readonly string[]
  /** SIGTERM, then SIGKILL after 10 s. Resolves to the exit code; 128 + its number for a signal, as in a shell. */
  stop(): Promise<number>
  /** SIGKILL, without waiting. */
  kill(): void
}

/** The server ended before it listened. */
export class ServerStartError extends Error {
  readonly exitCode: number
  readonly stderr: string
  constructor(program: string, exitCode: number, stderr: string) {
    super(`${program} ended with exit code ${exitCode} before it listened:\n${stderr}`)
    this.name = 'ServerStartError'
    this.exitCode = exitCode
    this.stderr = stderr
  }
}

const START_MILLISECONDS = 120_000
const STOP_MILLISECONDS = 10_000
const root = fileURLToPath(new URL('../../', import.meta.url))

/**
 * Starts the built example server on a free port, with this environment and PATH, and nothing else of ours.
 *
 * @param checkout the folder of another commit, whose example it is then
 */
export function startServer(
  example: Example,
  env: Readonly<Record<string, string>> = {},
  checkout = '',
): Promise<ServerProcess> {
  return startProgram(join(checkout, `examples/${example}/dist/server.js`), env)
}

/** The same for any program that says where it listens, by its path from the root of the repository. */
export async function startProgram(
  program: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const child = spawnTied(process.execPath, [program], {
    cwd: root,
    env: { PATH: process.env.PATH, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  const errors: string[] = []
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const url = new Promise<string>((resolve) => {
    collect(child.stdout, lines, (line) => {
      const found = /^listening on (http:\/\/\S+)$/.exec(line)?.[1]
      if (found) resolve(found)
    })
    collect(child.stderr, errors)
    child.once('error', (error) => errors.push(String(error)))
  })

  const timer = setTimeout(() => {
    errors.push(`(killed: it did not listen within ${START_MILLISECONDS} ms)`)
    child.kill('SIGKILL')
  }, START_MILLISECONDS)
  const listening = await Promise.race([url, closed])
  clearTimeout(timer)
  if (listening === undefined || child.pid === undefined) {
    throw new ServerStartError(program, exitCode(child), errors.join('\n'))
  }

  return {
    url: listening,
    pid: child.pid,
    lines,
    errors,
    async stop() {
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MILLISECONDS)
      await ended(child)
      await closed // the last lines have been read
      clearTimeout(late)
      return exitCode(child)
    },
    kill() {
      child.kill('SIGKILL')
    },
  }
}

function collect(
  stream: ChildProcess['stdout'],
  into: string[],
  each: (line: string) => void = () => {},
): void {
  if (!stream) return
  createInterface({ input: stream }).on('line', (line) => {
    into.push(line)
    each(line)
  })
}

function exitCode(child: ChildProcess): number {
  if (child.signalCode !== null) return 128 + constants.signals[child.signalCode]
  return child.exitCode ?? 127 // never started
}
