import { randomUUID } from 'node:crypto'
import { ConfigError, type Store, type StoreDriver } from '@sallyport/core'
import { connect } from './connection.ts'
import { createRedisKeys } from './keys.ts'
import { createLayout } from './layout.ts'
import { parseRedisOptions, type RedisStoreOptions } from './options.ts'
import { createRedisRevocations } from './revocations.ts'
import { createCommands } from './scripts.ts'
import { createRedisSessions, type SessionParts } from './sessions.ts'

/**
 * Keeps sessions, revocations and signing keys in Redis 6.2 or newer, or Valkey, shared by all processes.
 * Opens two connections of its own.
 *
 * Throws a `ConfigError` for a wrong option; opening throws one for what the server itself refuses.
 */
export function redisStore(options: RedisStoreOptions): StoreDriver {
  const settings = parseRedisOptions(options)
  return {
    name: 'redis',
    shared: true,
    async open({ notice }): Promise<Store> {
      const { commands: client, subscriber } = await connect(settings)
      const commands = createCommands(client, notice)
      const layout = createLayout(settings.keyPrefix)
      const parts: SessionParts = {
        commands,
        layout,
        news: (shard) => [randomUUID(), layout.channel, shard],
        instant: (at) => (settings.time === 'caller' ? at : ''),
      }
      if (client.status === 'ready') {
        const probed = await commands.run('probe', [`${layout.ring}:probe`], [])
        if (probed.kind === 'unavailable' && client.status === 'ready')
          throw new ConfigError(
            'redis',
            'a server on which scripts may write, with rights to every command and key',
          )
      }
      return {
        sessions: createRedisSessions(parts),
        revocations: createRedisRevocations(parts, subscriber),
        keys: createRedisKeys(commands, layout.ring),
        async ping() {
          return (await commands.call('PING')).kind === 'answered'
        },
        close() {
          client.disconnect()
          subscriber.disconnect()
          return Promise.resolve()
        },
      }
    },
  }
}
