import type { AuditSink } from '@sallyport/core/sink'
import { type Chain, createChain, type Link } from '../chain/chain.ts'
import { makeHead } from '../chain/marks.ts'
import { AuditError } from '../errors.ts'
import { parseRedisStreamOptions, type RedisStreamOptions } from '../options.ts'
import { createOutbox } from '../outbox.ts'
import { APPEND } from './script.ts'

/** What is used of a client of ioredis: a `Redis` or a `Cluster`. */
export interface AuditRedis {
  eval(script: string, numberOfKeys: number, ...args: (string | number)[]): Promise<unknown>
}

/** No script holds up Redis for longer than these take. */
const MAX_LINES = 500

/**
 * Writes events to a Redis stream, in entries with one field, `line`. Each is bound to the one before by a MAC, and the
 * heads of all processes are in a hash beside it. A batch is one atomic step; given twice, it is there once.
 *
 * Needs Redis 6.2 or newer, or Valkey. Closes no client. How long it waits for Redis is up to the client: give it one
 * with time-outs. Throws a `ConfigError` for a wrong option.
 */
export function toRedisStream(client: AuditRedis, options: RedisStreamOptions): AuditSink {
  const { keys, format, stream, retentionMs, maxEvents } = parseRedisStreamOptions(client, options)
  // Both in one slot of a cluster, unless the stream has a hash tag of its own.
  const heads = /\{[^}]+\}/.test(stream) ? `${stream}:heads` : `{${stream}}:heads`
  let chain: Chain | undefined
  let kept: Link | undefined

  const outbox = createOutbox<Link>(
    (event) => {
      chain ??= createChain(keys.record, event.time)
      return chain.next(format.gapped(event), event.time)
    },
    async (links) => {
      while (links.length > 0) {
        const some = links.slice(0, MAX_LINES)
        await append(some, false)
        kept = some.at(-1)
        links.splice(0, some.length)
      }
    },
  )

  async function append(links: readonly Link[], sealed: boolean): Promise<void> {
    const last = links.at(-1) ?? kept
    if (last === undefined) return
    const { processId, number, mac, time } = last
    const head = makeHead(keys.head, { processId, number, chain: mac, time, sealed })
    const oldest = Math.max(0, Date.parse(time) - retentionMs)
    const lines = links.map(({ line }) => line.slice(0, -1))
    const args = [processId, JSON.stringify(head), links[0]?.number ?? number + 1, oldest]
    try {
      await client.eval(
        APPEND,
        2,
        stream,
        heads,
        ...args,
        new Date(oldest).toISOString(),
        maxEvents,
        ...lines,
      )
    } catch (cause) {
      const says = cause instanceof Error ? cause.message : String(cause)
      throw new AuditError(`the audit stream ${stream} can't be written: ${says}`, { cause })
    }
  }

  return {
    name: 'redis',
    write: (events) => outbox.write(events),
    close: () =>
      outbox.close(async (flush) => {
        await flush()
        await append([], true)
        // Whoever writes to a sink that another one has closed begins a trail of its own.
        chain = undefined
        kept = undefined
      }),
  }
}
