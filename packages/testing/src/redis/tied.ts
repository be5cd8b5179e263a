import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import type { Socket } from 'node:net'

/**
 * Starts a process that dies with this one, however this one ends: SIGKILL and a stopped worker thread included.
 *
 * A shell waits at the other end of a pipe that nobody writes to. When this process is gone the pipe closes and
 * the shell kills the child, by its pid. It goes away with the child, so a pid that was given out again is safe.
 */
export function spawnTied(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const child = spawn(command, args, options)
  if (child.pid === undefined) return child // the 'error' event tells why

  const script = 'read -r _; kill -s KILL "$1"'
  const watch = spawn('/bin/sh', ['-c', script, 'sh', String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  child.once('exit', () => watch.kill('SIGKILL'))

  watch.unref()
  ;(watch.stdin as Socket | null)?.unref()
  return child
}

/** Resolves when the child has ended; at once when it already has. */
export function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined)
    return Promise.resolve()
  return new Promise((resolve) => child.once('exit', () => resolve()))
}
