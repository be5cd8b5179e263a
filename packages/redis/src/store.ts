import { ConfigError, type Store, type StoreDriver } from '@sallyport/core/store'
import { Command } from 'ioredis'
import { createRedisActivity } from './activity.ts'
import { createApiKeyRecords } from './api-key-records.ts'
import { createRedisApiKeys } from './api-keys.ts'
import { createCommands } from './commands.ts'
import { createConfirmations } from './confirmations.ts'
import { connect, isCluster } from './connection.ts'
import { createRedisCounters } from './counters.ts'
import { createRedisDocuments } from './documents.ts'
import { createFaultReports } from './fault-reports.ts'
import { freshEpoch } from './feeds.ts'
import { inspect } from './inspect.ts'
import { createRedisKeys } from './keys.ts'
import { createLayout, type Layout, RING_SHARD } from './layout.ts'
import { createNews } from './news.ts'
import { createRedisOnce } from './once.ts'
import { type Client, parseRedisOptions, type RedisStoreOptions } from './options.ts'
import { createRedisOutbox } from './outbox.ts'
import { createRecords } from './records.ts'
import { createRedisRevocations } from './revocations.ts'
import type { Argument } from './scripts.ts'
import { createServerTime } from './server-time.ts'
import type { SessionParts } from './session-parts.ts'
import { createRedisSessions } from './sessions.ts'
import { createRedisSightings } from './sightings.ts'
import { createRedisSubjectKeys } from './subject-keys.ts'
import { tolerant } from './unreadable.ts'

/**
 * Keeps sessions, revocations and signing keys in Redis (6.2 or newer) or Valkey, where all processes share them.
 * Each process opens two connections of its own.
 *
 * Throws a `ConfigError` for a wrong option. Opening the store throws one if the server refuses the user, a command
 * or a key, is too old, or in production may evict keys (`maxmemory-policy` other than `noeviction`). A server that is
 * away is no error: the store opens, and serves once the server is back.
 */
export function redisStore(options: RedisStoreOptions): StoreDriver {
  const settings = parseRedisOptions(options)
  return {
    name: 'redis',
    shared: true,
    async open({ notice, random, production, integrityKeys, outbox }): Promise<Store> {
      const { commands: client, subscriber, causes, close } = await connect(settings, random)
      const layout = createLayout(settings.keyPrefix)
      const ping = (shard: number) => commands.run('ping', shard, [layout.scratch(shard)], [])
      const reports = createFaultReports(client, causes, notice, () => void ping(RING_SHARD))
      const commands = createCommands(client, settings, reports)
      const time = createServerTime(settings.commandTimeoutMs / 2)
      const news = createNews(client, subscriber, layout.channel)
      // Followed by a counter, this is unique for each step, and cheaper than new random bytes.
      const epochPrefix = freshEpoch(random)
      let steps = 0
      const instant = (at: number): Argument => (settings.time === 'caller' ? at : '')
      const parts: SessionParts = {
        commands,
        layout,
        tellsEnds: outbox !== undefined,
        records: createRecords(integrityKeys, reports.leftOut),
        header: (shard, at) => () => {
          const deadline = time.deadline(shard, settings.commandTimeoutMs, performance.now())
          return `${deadline} ${instant(at)} ${shard} ${epochPrefix}.${steps++} ${layout.channel}`
        },
        instant,
      }

      /** Throws a `ConfigError` if the server refuses what the store needs, or is set up wrongly. */
      async function look(): Promise<void> {
        const refused = await commands.refused(
          'probe',
          [layout.scratch(RING_SHARD)],
          outbox === undefined ? [] : ['outbox'],
        )
        if (refused !== undefined) throw refused
        await inspect(client, settings, { notice, production })
      }
      if (client.status === 'ready')
        await look().catch((cause: unknown) => {
          close()
          throw cause
        })
      else {
        reports.failed('connect', undefined)
        // It is too late to refuse then, but not to say why.
        client.once('ready', () => void look().catch((cause: unknown) => notice(sentenceOf(cause))))
      }
      return {
        sessions: tolerant(
          createRedisSessions(parts, createConfirmations(commands, layout, client.isCluster)),
          [],
          reports.unreadable,
        ),
        revocations: tolerant(
          createRedisRevocations({
            ...{ ...parts, news, time, random },
            oneServer: !client.isCluster,
            serverCounts: settings.time === 'server',
          }),
          ['shards', 'shardOf', 'shardOfSession', 'shardOfTag', 'shardOfName', 'onNews'],
          reports.unreadable,
        ),
        activity: tolerant(createRedisActivity(parts), [], reports.unreadable),
        subjectKeys: tolerant(createRedisSubjectKeys(parts), [], reports.unreadable),
        counters: tolerant(createRedisCounters(parts), [], reports.unreadable),
        sightings: tolerant(createRedisSightings(parts), [], reports.unreadable),
        documents: tolerant(createRedisDocuments(parts), [], reports.unreadable),
        once: tolerant(createRedisOnce(parts), [], reports.unreadable),
        apiKeys: tolerant(
          createRedisApiKeys(parts, createApiKeyRecords(integrityKeys), reports.leftOut),
          [],
          reports.unreadable,
        ),
        ...(outbox === undefined
          ? {}
          : {
              outbox: tolerant(
                createRedisOutbox({ ...parts, ...outbox, integrityKeys, oneServer: !client.isCluster }),
                [],
                reports.unreadable,
              ),
            }),
        keys: tolerant(createRedisKeys(commands, layout, news), ['onChange'], reports.unreadable),
        async ping() {
          const pings = oneShardPerServer(client, layout).map(ping)
          return (await Promise.all(pings)).every(({ kind }) => kind === 'answered')
        },
        close() {
          reports.close()
          close()
          return Promise.resolve()
        },
      }
    },
  }
}

/** The message of a `ConfigError` is made to be shown. Others may repeat what was sent. */
function sentenceOf(cause: unknown): string {
  return cause instanceof ConfigError ? cause.message : 'Redis could not be inspected'
}

/** A shard on each server that has any: one for a single server, and for a Cluster as many as it has primaries. */
function oneShardPerServer(client: Client, layout: Layout): readonly number[] {
  if (!isCluster(client)) return [RING_SHARD]
  const serverOf = (shard: number): string | undefined => {
    const slot = new Command('hget', [layout.scratch(shard)]).getSlot()
    return client.slots[slot]?.[0]
  }
  return [...new Map(layout.shards.map((shard) => [serverOf(shard), shard])).values()]
}
