import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ended, spawnTied } from '../support/tied.ts'

export interface CerbosServer {
  readonly url: string
  stop(): Promise<void>
}

const START_MILLISECONDS = 30_000

/** Starts the real server, whose program is in a package for each platform. Rejects if there is none for this machine. */
export async function startCerbos(policies: Readonly<Record<string, object>>): Promise<CerbosServer> {
  const program = programOf(`@cerbos/cerbos-${process.platform}-${process.arch}`)
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-cerbos-'))
  const [http, grpc] = [await freePort(), await freePort()]
  const settings = {
    server: { httpListenAddr: `127.0.0.1:${http}`, grpcListenAddr: `127.0.0.1:${grpc}` },
    storage: { driver: 'disk', disk: { directory: folder } },
    telemetry: { disabled: true },
  }
  for (const [name, policy] of Object.entries(policies))
    await writeFile(join(folder, name), JSON.stringify(policy))
  const file = join(folder, '.cerbos.json')
  await writeFile(file, JSON.stringify(settings))
  const child = spawnTied(program, ['server', '--config', file], {})
  let said = ''
  child.stdout?.on('data', (chunk) => {
    said += chunk
  })
  child.stderr?.on('data', (chunk) => {
    said += chunk
  })
  const url = `http://127.0.0.1:${http}`
  async function stop(): Promise<void> {
    child.kill('SIGKILL')
    await ended(child)
    await rm(folder, { recursive: true, force: true })
  }
  const until = Date.now() + START_MILLISECONDS
  while (!(await answers(url))) {
    if (child.exitCode === null && Date.now() < until) await sleep(50)
    else {
      await stop()
      throw new Error(`Cerbos does not start: ${said}`)
    }
  }
  return { url, stop }
}

async function answers(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/_cerbos/health`).catch(() => undefined)
  await answer?.body?.cancel()
  return answer?.ok === true
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

function programOf(name: string): string {
  try {
    return createRequire(import.meta.url).resolve(name)
  } catch (cause) {
    throw new Error(`the Cerbos server is not installed: npm install --no-save ${name}@0.51.0`, { cause })
  }
}
