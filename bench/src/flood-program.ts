// Sends forged tokens, each of them once, from an address of its own: sends FloodFigures to its parent.

import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, openConnections } from './client.ts'
import { authorized } from './load.ts'
import type { Algorithm } from './setup.ts'
import { forgeToken, subjectOf } from './tokens.ts'

export interface FloodTask {
  readonly port: number
  readonly count: number
  readonly perSecond: number
  readonly connections: number
  readonly source: string
  readonly algorithm: Algorithm
  /** Of the key that the server trusts. */
  readonly kid: string
  /** A good token to be sent each time instead of forged ones: what so many requests cost in any case. */
  readonly genuine?: string
}

export interface FloodFigures {
  readonly seconds: number
  /** How often each status was answered. */
  readonly statuses: Readonly<Record<number, number>>
}

const task = JSON.parse(process.argv[2] ?? '') as FloodTask
const model = forgeToken(task, subjectOf(0))
const stem = model.slice(0, model.lastIndexOf('.'))
const connections = await openConnections(task.port, task.connections, task.source)
const statuses: Record<number, number> = {}
const start = performance.now()
let sent = 0
// All connections at once, then a rest: a process that woke up for each request would take from the core that both
// loads share, and genuine requests would be fewer for that alone.
while (sent < task.count) {
  const early = start + (sent * 1000) / task.perSecond - performance.now()
  if (early > 0) await sleep(early)
  sent += connections.length
  await Promise.all(connections.map(sendOne))
}

async function sendOne(connection: Connection): Promise<void> {
  const [request] = authorized([task.genuine ?? forged()])
  if (request === undefined) return
  const { status } = await connection.exchange(request)
  statuses[status] = (statuses[status] ?? 0) + 1
}

/** Only the signature differs: to make up claims for each would take more from the loads' core than the server's answer. */
function forged(): string {
  return `${stem}.${randomBytes(64).toString('base64url')}`
}

const figures: FloodFigures = { seconds: (performance.now() - start) / 1000, statuses }
process.send?.(figures, () => process.exit())
