import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

/** How late a process was, in milliseconds. */
export interface Delays {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** What a process tells of itself. Memory is in bytes; the heap is what a forced collection has left. */
export interface Measured {
  readonly rss: number
  readonly heapUsed: number
  readonly external: number
  readonly arrayBuffers: number
  readonly handles: number
  /** Since the last measurement, and since the start. */
  readonly delays: { readonly lately: Delays; readonly ever: Delays }
}

/** The soak's way into its nodes. */
export interface Probes {
  /** The environment of a process that shall be measured. */
  readonly env: Readonly<Record<string, string>>
  /** Measures a process; nothing if it does not answer in time. */
  measure(pid: number): Promise<Measured | undefined>
  stop(): Promise<void>
}

interface Probe {
  readonly socket: Socket
  readonly waiting: ((measured: Measured) => void)[]
}

const ANSWERED_WITHIN_MS = 10_000

/** @param program what is loaded into each process */
export async function startProbes(program: URL): Promise<Probes> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-soak-'))
  const path = join(folder, 'probes.sock')
  const probes = new Map<number, Probe>()
  const server = createServer((socket) => {
    const probe: Probe = { socket, waiting: [] }
    let pid: number | undefined
    socket.on('error', () => {}).on('close', () => pid !== undefined && probes.delete(pid))
    createInterface({ input: socket }).on('line', (line) => {
      if (pid !== undefined) return probe.waiting.shift()?.(JSON.parse(line))
      pid = Number(line)
      probes.set(pid, probe)
    })
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return {
    env: { NODE_OPTIONS: `--import=${pathToFileURL(program.pathname).href}`, SOAK_SOCKET: path },
    async measure(pid) {
      const probe = probes.get(pid)
      if (probe === undefined) return undefined
      const answer = new Promise<Measured>((resolve) => probe.waiting.push(resolve))
      probe.socket.write('measure\n')
      return Promise.race([answer, sleep(ANSWERED_WITHIN_MS, undefined, { ref: false })])
    },
    async stop() {
      for (const { socket } of probes.values()) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
      await rm(folder, { recursive: true, force: true })
    },
  }
}
