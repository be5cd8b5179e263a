import { ConfigError, type StoreContext } from '@sallyport/core/store'
import { sql } from 'kysely'
import { createDatabase, createRun } from './database.ts'
import { createEmbeddedSource } from './embedded-source.ts'
import { createFaultReports } from './fault-reports.ts'
import { refusalOf } from './faults.ts'
import { createFeeds } from './feeds.ts'
import { prepare } from './migrate.ts'
import { createNews } from './news.ts'
import type { PostgresSettings } from './options.ts'
import type { PortParts } from './parts.ts'
import { createPoolSource } from './pool-source.ts'
import { rest } from './rest.ts'
import { createSeals } from './seals.ts'
import type { Source } from './source.ts'
import { createTables, serverNow } from './tables.ts'

export interface Opened {
  readonly source: Source
  /** What the ports are made of, but for what belongs to other ports. */
  readonly parts: Omit<PortParts, 'belongings'>
  ping(): Promise<boolean>
  close(): Promise<void>
}

const RETRY_MS = 1000

/**
 * Connects, and sees to it that the tables are there. A server that is away is no error: it is tried again until the store
 * is closed.
 *
 * Throws a `ConfigError` if the server itself reports a wrong configuration.
 */
export async function open(settings: PostgresSettings, context: StoreContext): Promise<Opened> {
  const { notice, random, integrityKeys, outbox } = context
  const { source: given, schema, commandTimeoutMs } = settings
  const source =
    given.kind === 'embedded' ? createEmbeddedSource(given.embedded) : createPoolSource(given, settings)
  const reports = createFaultReports(source.address, notice)
  const database = createDatabase(source, reports)
  const tables = createTables(schema)
  const news = createNews(source, schema)
  const instant: PortParts['instant'] = (at) => (settings.time === 'caller' ? sql`${at}::bigint` : serverNow)
  const feeds = createFeeds({ tables, news, random, instant, tellsEnds: outbox !== undefined })
  const closing = new AbortController()

  /** Resolves to whether the server could be asked. */
  async function look(): Promise<boolean> {
    try {
      await prepare(source, settings)
      await source.transaction((send) => feeds.ensureShards(createRun(send)))
    } catch (cause) {
      const refused = cause instanceof ConfigError ? cause : refusalOf(cause)
      if (refused !== undefined) throw refused
      reports.failed('open', cause)
      return false
    }
    reports.answered('open')
    return true
  }

  /** It is too late to refuse then, but not to say why: once, since it may be mended while the process runs. */
  async function lookAgain(): Promise<void> {
    const told = new Set<string>()
    while (!closing.signal.aborted) {
      try {
        await rest(RETRY_MS, closing.signal)
        if (await look()) return
      } catch (cause) {
        if (!(cause instanceof ConfigError) || told.has(cause.message)) continue
        told.add(cause.message)
        notice(cause.message)
      }
    }
  }

  async function close(): Promise<void> {
    closing.abort()
    await source.close()
  }

  try {
    if (!(await look())) void lookAgain()
  } catch (cause) {
    await close()
    throw cause
  }
  return {
    source,
    parts: {
      ...{ database, tables, feeds, news, random, instant, commandTimeoutMs },
      seals: createSeals(integrityKeys),
      serverCounts: settings.time === 'server',
      leftOut: reports.leftOut,
    },
    async ping() {
      // It changes nothing, but a server refuses it that only reads or that lacks the tables or the right.
      const { kind } = await database.run(
        'ping',
        sql`UPDATE ${tables.shards} SET position = position WHERE false`,
      )
      return kind === 'answered'
    },
    close,
  }
}
