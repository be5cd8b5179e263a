import type { Commands } from './commands.ts'
import { RING_SHARD } from './layout.ts'
import type { News } from './news.ts'

/** Whether there are other processes that may know more than the server. */
export interface Others {
  mayBeThere(): Promise<boolean>
}

/** They need so long at most to connect again after a restart of the server. */
const CONNECTED_AFTER_SECONDS = 2

/**
 * Asks the server who hears the news. What it does not tell, or not yet, counts as somebody. Of a Cluster, each server
 * knows only a part of them.
 */
export function createOthers(commands: Commands, channel: string, news: News, oneServer: boolean): Others {
  async function uptimeSeconds(): Promise<number> {
    const answer = await commands.call(RING_SHARD, 'info', 'server')
    const [, seconds = '0'] =
      (answer.kind === 'answered' && /uptime_in_seconds:(\d+)/.exec(String(answer.value))) || []
    return Number(seconds)
  }

  return {
    async mayBeThere() {
      if (!oneServer || !news.isHeard()) return true
      const answer = await commands.call(RING_SHARD, 'pubsub', 'numsub', channel)
      const [, count] = answer.kind === 'answered' && Array.isArray(answer.value) ? answer.value : []
      return count !== 1 || (await uptimeSeconds()) < CONNECTED_AFTER_SECONDS
    },
  }
}
