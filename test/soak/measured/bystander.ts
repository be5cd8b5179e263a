import { spawnTied } from '../../support/tied.ts'
import type { Delays, Probes } from './probes.ts'

/** A process that does nothing: how late it is shows how busy the machine is. */
export interface Bystander {
  /** Since its start. */
  delays(): Promise<Delays | undefined>
  stop(): void
}

export function startBystander({ env, measure }: Probes): Bystander {
  const child = spawnTied(process.execPath, ['--eval', 'setInterval(() => {}, 60_000)'], {
    env: { ...process.env, ...env },
    stdio: 'ignore',
  })
  return {
    delays: async () => (child.pid === undefined ? undefined : (await measure(child.pid))?.delays.ever),
    stop: () => void child.kill('SIGKILL'),
  }
}
