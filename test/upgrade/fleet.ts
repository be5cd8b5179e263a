import type { Fact } from '../faults/history.ts'
import { nameOf, readyAt } from '../faults/recorder.ts'
import type { Node, Nodes } from '../faults/system.ts'
import type { Framework } from '../support/processes.ts'

export type Version = 'old' | 'new'

/** Three nodes behind a load balancer, one on each framework. */
export interface Fleet {
  /** In their places, which others take. */
  readonly nodes: readonly Node[]
  /** Replaces the node in a place: it ends first, and the next one gets requests once it is ready. */
  replace(place: number, version: Version): Promise<void>
}

export const FRAMEWORKS: readonly Framework[] = ['express', 'koa', 'fastify']
const READY_WITHIN_MS = 120_000
/** So that whatever is repeated at another node is so in time, on a busy machine too. */
const ENVIRONMENT = { REUSE_GRACE: '60', MAX_SESSIONS: '0', LOCKOUT_ATTEMPTS: '100000' }

/** The folder of the older commit, which is built. */
function olderCheckout(): string {
  const checkout = process.env.UPGRADE_FROM
  if (checkout === undefined) throw new Error('UPGRADE_FROM is not set: npm run test:upgrade -- <commit>')
  return checkout
}

export function checkoutOf(version: Version): string {
  return version === 'old' ? olderCheckout() : ''
}

/** @param note is told when a node that has just begun gets requests */
export async function startFleet(
  system: Pick<Nodes, 'start'>,
  versions: readonly Version[],
  note: (fact: Fact) => void,
): Promise<Fleet> {
  const nodes: Node[] = []
  async function begin(place: number, version: Version): Promise<void> {
    const framework = FRAMEWORKS[place % FRAMEWORKS.length] ?? 'express'
    const node = await system.start(framework, ENVIRONMENT, checkoutOf(version))
    note({ what: 'started', node: nameOf(node), at: await readyAt(node, READY_WITHIN_MS) })
    nodes[place] = node
  }
  for (const [place, version] of versions.entries()) await begin(place, version)

  return {
    nodes,
    async replace(place, version) {
      const exitCode = await nodes[place]?.process.stop()
      if (exitCode !== 0) throw new Error(`a node that was told to end did so with ${exitCode}`)
      await begin(place, version)
    },
  }
}
