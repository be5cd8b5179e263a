import type { Redis } from 'ioredis'
import { isCluster } from './connection.ts'
import type { Client } from './options.ts'

/** Most commands in one write. With more, Redis would idle while we gather them, and we would idle while it works. */
const MAX_COMMANDS = 16

/**
 * Gives a function to call before each command. It corks the socket so that the commands of one turn of the event
 * loop leave in few writes: a write costs the process as much as everything else about a command.
 *
 * Does nothing on a Cluster, whose client manages its connections itself.
 */
export function createWriteBatches(client: Client): () => void {
  let corked: Redis['stream'] | undefined
  let held = 0
  return () => {
    if (isCluster(client) || client.status !== 'ready') return
    if (corked !== undefined) {
      if (++held % MAX_COMMANDS !== 0) return
      corked.uncork()
      corked.cork()
      return
    }
    const { stream } = client
    corked = stream
    held = 0
    stream.cork()
    setImmediate(() => {
      corked = undefined
      stream.uncork()
    })
  }
}
