import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process'
import { availableParallelism, cpus, release, type } from 'node:os'

const cores = availableParallelism()
const pins = cores > 1 && hasTaskset()

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['-c', '0', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/**
 * The measured server has the first core to itself; whoever asks and stores shares the others. What is measured as a
 * whole may run anywhere.
 */
export type Place = 'measured' | 'others' | 'anywhere'

const coresOf = (place: Place): string =>
  place === 'measured' ? '0' : place === 'others' ? `1-${cores - 1}` : `0-${cores - 1}`

const children = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** Starts a program on its cores; it is killed when this process exits. */
export function spawnAt(
  place: Place,
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): ChildProcess {
  const child = pins
    ? spawn('taskset', ['-c', coresOf(place), command, ...args], options)
    : spawn(command, args, options)
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

/** Keeps this process, which makes the load, away from the measured core. */
export function leaveMeasuredCore(): void {
  if (pins) execFileSync('taskset', ['-acp', coresOf('others'), String(process.pid)], { stdio: 'ignore' })
}

/** The sentence about the machine that stands above the figures. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  const layout = pins
    ? 'The measured process is pinned to one core; the load and Redis have the rest.'
    : 'Nothing is pinned: the measured process, the load and Redis share all cores.'
  return `${cores} × ${model}, ${type()} ${release()}, Node.js ${process.version}. ${layout}`
}

export function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => child.once('exit', () => resolve()))
}
