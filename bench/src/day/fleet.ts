import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { ended, spawnAt } from '../machine.ts'
import { startRedis } from '../redis.ts'
import type { Agenda } from '../simulation/agenda.ts'
import { createKey } from '../tokens.ts'
import type { Ask, Client, Deployment, Given, Message, Report, Request } from './messages.ts'

export const NODES = 3

/** A report, and how many real milliseconds after the request it came. */
export interface Heard {
  readonly owner: string
  readonly report: Report
  readonly delayMs: number
}

/** Several processes over one Redis. */
export interface Fleet {
  /** Sends a request to the next node, and waits for its answer and for its rules. */
  ask(client: Client, ask: Ask): Promise<Given>
  /** How many requests were answered. */
  answered(): number
  close(): Promise<void>
}

const SEPARATOR = ':'

export async function startFleet(agenda: Agenda, onHeard: (heard: Heard) => void): Promise<Fleet> {
  const redis = await startRedis('anywhere')
  const { privateJwk } = await createKey('EdDSA')
  const sent = new Map<string, number>()
  const pending = new Map<string, (given: Given) => void>()
  let requests = 0

  function receive(message: Message): void {
    switch (message.kind) {
      case 'ready':
        break
      case 'answer':
        pending.get(message.id)?.(message.given)
        break
      case 'alert':
      case 'event': {
        const { request } = message
        const [owner = ''] = request.split(SEPARATOR, 1)
        const at = sent.get(request)
        if (at !== undefined) onHeard({ owner, report: message, delayMs: performance.now() - at })
      }
    }
  }

  const deployment: Deployment = { redisUrl: redis.url, privateJwk }
  const nodes = await Promise.all(Array.from({ length: NODES }, () => startNode(deployment, receive)))

  return {
    answered: () => requests,
    async ask(client, ask) {
      const node = nodes[requests++ % NODES]
      const id = `${client.owner}${SEPARATOR}${requests}`
      const request: Request = { id, at: Math.ceil(agenda.now()), client, ask }
      const answer = new Promise<Given>((resolve) => pending.set(id, resolve))
      sent.set(id, performance.now())
      node?.send(request)
      const given = await answer
      pending.delete(id)
      return given
    },
    async close() {
      for (const node of nodes) node.disconnect()
      await Promise.all(nodes.map(ended))
      await redis.stop()
    },
  }
}

async function startNode(deployment: Deployment, receive: (message: Message) => void): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('node.js', import.meta.url))
  const child = spawnAt('anywhere', process.execPath, ['--no-warnings', program], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  child.once('exit', (code) => {
    // Nobody would ever answer the request that it was working on.
    if (code !== 0) throw new Error(`a node ended with ${code}`)
  })
  child.send(deployment)
  await once(child, 'message')
  child.on('message', receive)
  return child
}
