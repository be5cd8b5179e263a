import type { Store, StoreDriver } from '@sallyport/core/store'
import { activityBelonging, createPostgresActivity } from './activity.ts'
import { apiKeysBelonging, createPostgresApiKeys } from './api-keys.ts'
import { startCleanUp } from './clean-up.ts'
import { createConfirmations } from './confirmations.ts'
import { createPostgresCounters } from './counters.ts'
import { deadRowsOfPorts, deadRowsOfSessions } from './dead-rows.ts'
import { createPostgresDocuments } from './documents.ts'
import { createPostgresKeys } from './keys.ts'
import { createPostgresOnce } from './once.ts'
import { open } from './open.ts'
import { type PostgresStoreOptions, parsePostgresOptions } from './options.ts'
import { deadRowsOfOutbox } from './outbox/dead-rows.ts'
import { createPostgresOutbox } from './outbox/outbox.ts'
import type { PortParts } from './parts.ts'
import { createPostgresRevocations } from './revocations.ts'
import { createPostgresSessions } from './sessions.ts'
import { createPostgresSightings, sightingsBelonging } from './sightings.ts'
import { createPostgresSubjectKeys, subjectKeyBelonging } from './subject-keys.ts'
import { createFinishEnding } from './unfinished.ts'

/**
 * Keeps sessions, revocations and signing keys in PostgreSQL (14 or newer), where all processes share them and auditors can
 * read them: the state of each session is a row, and so is why it ended.
 *
 * Throws a `ConfigError` for a wrong option. Opening the store creates its tables or brings them up to date, unless
 * `migrate` is `check`. It throws a `ConfigError` if the server refuses the user, lacks the database or the rights, is too old
 * or a standby, or if the tables are not up to date and may not be changed. A server that is away is no error: the store
 * opens, and serves once the server is back.
 *
 * @example
 * ```ts
 * import { createSallyport } from '@sallyport/core'
 * import { postgresStore } from '@sallyport/postgres'
 *
 * const sallyport = await createSallyport({ store: postgresStore({ url: 'postgres://app@127.0.0.1/app' }) })
 * ```
 */
export function postgresStore(options: PostgresStoreOptions): StoreDriver {
  const settings = parsePostgresOptions(options)
  return {
    name: 'postgres',
    shared: settings.source.kind !== 'embedded',
    async open(context): Promise<Store> {
      const { source, parts: common, ping, close } = await open(settings, context)
      const { database, tables, random } = common
      const parts: PortParts = {
        ...common,
        belongings: [
          ...[activityBelonging(tables), subjectKeyBelonging(tables), sightingsBelonging(tables)],
          apiKeysBelonging(tables),
        ],
      }
      const confirmations = createConfirmations(parts)
      const { outbox } = context
      const dead = [
        ...[...deadRowsOfSessions(tables, settings.keepEndedMs), ...deadRowsOfPorts(tables)],
        ...(outbox === undefined ? [] : deadRowsOfOutbox(tables, outbox.keptMs)),
      ]
      // With the clock of the caller it is not known here what is over.
      const finishEnding = createFinishEnding(parts)
      const cleanUp =
        settings.time === 'server' ? startCleanUp({ database, dead, finishEnding, random }) : undefined
      return {
        sessions: createPostgresSessions(parts, confirmations),
        revocations: createPostgresRevocations(parts, source.mayHaveOthers),
        keys: createPostgresKeys(parts),
        counters: createPostgresCounters(parts),
        activity: createPostgresActivity(parts),
        subjectKeys: createPostgresSubjectKeys(parts),
        sightings: createPostgresSightings(parts),
        once: createPostgresOnce(parts),
        apiKeys: createPostgresApiKeys(parts),
        documents: createPostgresDocuments(parts),
        ...(outbox === undefined ? {} : { outbox: createPostgresOutbox({ ...parts, ...outbox }) }),
        async ping() {
          await confirmations.settled()
          return ping()
        },
        async close() {
          cleanUp?.stop()
          await confirmations.settled()
          await close()
        },
      }
    },
  }
}
