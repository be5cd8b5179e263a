import type { Reply } from '../faults/client.ts'
import type { Node } from '../faults/system.ts'

/** An answer, and the node that gave it. */
export interface Balanced {
  readonly node: Node
  readonly reply: Reply
}

/** Hands requests to nodes in turn, and to the next one where a node cannot be reached, as load balancers do. */
export interface Balancer {
  /** @param place of the node that is asked first. Default: whose turn it is */
  ask(send: (node: Node) => Promise<Reply>, place?: number): Promise<Balanced>
  /** How often a node refused a connection, and how often it closed one that was open instead of answering. */
  readonly turnedAway: { readonly refused: number; readonly closed: number }
}

/** @param nodes in their places, which others may take meanwhile */
export function createBalancer(nodes: readonly Node[]): Balancer {
  let turn = 0
  let [refused, closed] = [0, 0]

  return {
    async ask(send, place = turn++) {
      for (let tries = 0; tries < nodes.length; tries++) {
        const node = nodes[(place + tries) % nodes.length]
        if (node === undefined) break
        try {
          return { node, reply: await send(node) }
        } catch (cause) {
          const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
          if (code === 'ECONNREFUSED') refused++
          else if (code === 'ECONNRESET' || code === 'EPIPE') closed++
          else throw cause
        }
      }
      throw new Error('no node can be reached')
    },
    get turnedAway() {
      return { refused, closed }
    },
  }
}
