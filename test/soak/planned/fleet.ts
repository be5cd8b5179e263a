import { nameOf, type Recorder } from '../../faults/recorder.ts'
import { isExpected, type Node, type Nodes } from '../../faults/system.ts'
import type { Chances } from '../../support/chances.ts'
import type { Framework } from '../../support/processes.ts'
import type { Complaints } from '../judged/complaints.ts'

/** The nodes, as a load balancer sees them. */
export interface Fleet {
  /** Those that are there from beginning to end, whose memory is judged. */
  readonly steady: readonly Node[]
  /** Those that get requests. */
  up(): readonly Node[]
  /** One of those. */
  any(): Node
  /** Takes a node out of the rotation, and back in. */
  down(node: Node): void
  back(node: Node): void
  /** The one that is killed now and then, each time followed by one on the next framework. */
  victim(): Node
  kill(): void
  replace(): Promise<Node>
  /** Complains of each line on standard error that is new and not planned. */
  readErrors(): void
  /** Complains of each process that has ended by itself. */
  findDead(): void
}

export interface FleetParts {
  readonly nodes: Pick<Nodes, 'start'>
  readonly env: Readonly<Record<string, string>>
  /** What a test puts before a node. */
  readonly disguise: (node: Node) => Node
  readonly recorder: Recorder
  readonly chances: Chances
  readonly complaints: Complaints
}

/** What the bad requests of the traffic make a node say, once. */
const PLANNED = /SallyportNotice: a cross-site request was refused/
const FRAMEWORKS: readonly Framework[] = ['express', 'koa', 'fastify']

export async function startFleet(parts: FleetParts): Promise<Fleet> {
  const { nodes, env, disguise, recorder, chances, complaints } = parts
  const ever: Node[] = []
  const read = new Map<Node, number>()
  const dead = new Set<Node>()
  let started = 0

  async function start(): Promise<Node> {
    const framework = FRAMEWORKS[started++ % FRAMEWORKS.length] ?? 'express'
    const node = disguise(await nodes.start(framework, env))
    recorder.note({ what: 'started', node: nameOf(node), at: performance.now() })
    ever.push(node)
    return node
  }

  const steady: Node[] = []
  for (const _ of FRAMEWORKS) steady.push(await start())
  let victim = await start()
  let up = [...steady, victim]

  return {
    steady,
    up: () => up,
    any() {
      const node = up[chances.below(up.length)]
      if (node === undefined) throw new Error('no node is up')
      return node
    },
    down(node) {
      up = up.filter((one) => one !== node)
    },
    back(node) {
      up = [...up, node]
    },
    victim: () => victim,
    kill() {
      dead.add(victim)
      victim.process.kill()
    },
    async replace() {
      victim = await start()
      return victim
    },
    readErrors() {
      for (const node of ever) {
        const { errors } = node.process
        for (const line of errors.slice(read.get(node) ?? 0))
          if (!isExpected(line) && !PLANNED.test(line))
            complaints.add('process', `${nameOf(node)} wrote: ${line}`)
        read.set(node, errors.length)
      }
    },
    findDead() {
      for (const node of ever) {
        if (dead.has(node) || isAlive(node.process.pid)) continue
        dead.add(node)
        complaints.add('process', `${nameOf(node)} ended by itself`)
      }
    },
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
