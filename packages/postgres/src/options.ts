import { ConfigError, schema } from '@sallyport/core/store'
import type { Pool } from 'pg'

/** What an embedded PostgreSQL has, such as PGlite. It has a single connection, which it hands out in turn. */
export interface EmbeddedDatabase {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>
  /** Runs work in a transaction, which is rolled back if the work throws. Whatever else is asked meanwhile waits. */
  transaction<T>(work: (tx: Pick<EmbeddedDatabase, 'query'>) => Promise<T>): Promise<T>
  /** Calls back for each notification on a channel. Resolves to a function that stops it. */
  listen?(channel: string, callback: (payload: string) => void): Promise<() => Promise<void>>
}

/** What `postgresStore` takes. Give one of `url`, `pool` and `embedded`. */
export interface PostgresStoreOptions {
  /**
   * `postgres://[user:password@]host[:port]/database`, with parameters such as `sslmode`. The store opens a pool of its
   * own, and one connection that listens.
   */
  readonly url?: string | undefined
  /**
   * A `pg.Pool` of the application, which has to close it. The store opens one connection of its own, with the settings of the
   * pool, since a connection that listens cannot be shared. Set `connectionTimeoutMillis` and `statement_timeout`.
   */
  readonly pool?: Pool | undefined
  /** A PGlite, for tests and for programs of a single process. */
  readonly embedded?: EmbeddedDatabase | undefined
  /** The schema in which the tables are. Default `sallyport`; lower-case letters, digits and `_`. */
  readonly schema?: string | undefined
  /**
   * What to do about the tables when the store is opened. `run`: create them, or bring them up to date. `check`: refuse to
   * open if they are not up to date; the team runs what `migrationsOf` gives. Default `run`.
   */
  readonly migrate?: 'run' | 'check' | undefined
  /** The most connections of the pool that the store makes from `url`. Default 10; 1 to 1000. */
  readonly maxConnections?: number | undefined
  /** Milliseconds after which an unanswered statement counts as failed. Default 1000; 50 to 60,000. */
  readonly commandTimeoutMs?: number | undefined
  /** Whether statements are prepared once for each connection. Poolers in front of the server may not allow that. Default `true`. */
  readonly prepare?: boolean | undefined
  /** Seconds that the rows of ended sessions are kept, for audits. Default 2,592,000 (30 days); 0 to 315,360,000. */
  readonly keepEndedSeconds?: number | undefined
  /**
   * Whose clock decides when sessions expire. `server`: that of PostgreSQL, the same for all processes. `caller`: that of the
   * calling process, for tests that move the clock. Default `server`.
   */
  readonly time?: 'server' | 'caller' | undefined
}

/** The options, parsed. */
export interface PostgresSettings {
  readonly source:
    | { readonly kind: 'url'; readonly url: string }
    | { readonly kind: 'pool'; readonly pool: Pool }
    | { readonly kind: 'embedded'; readonly embedded: EmbeddedDatabase }
  readonly schema: string
  readonly migrate: 'run' | 'check'
  readonly maxConnections: number
  readonly commandTimeoutMs: number
  readonly prepare: boolean
  readonly keepEndedMs: number
  readonly time: 'server' | 'caller'
}

const { boolean, callable, custom, group, oneOf, optional, parse, string, wholeNumber } = schema

const address = 'an address such as "postgres://user@127.0.0.1:5432/app"'
const options = group({
  url: optional(custom<string>(isPostgresUrl, address)),
  pool: optional(callable<Pool>('a pool of the package pg (new Pool(…))', 'query', 'connect')),
  embedded: optional(callable<EmbeddedDatabase>('a PGlite (new PGlite())', 'query', 'transaction')),
  schema: optional(
    string(/^[a-z_][a-z0-9_]{0,39}$/, '1 to 40 characters of a-z 0-9 _, the first one no digit'),
    'sallyport',
  ),
  migrate: optional(oneOf('run', 'check'), 'run'),
  maxConnections: optional(wholeNumber(1, 1000), 10),
  commandTimeoutMs: optional(wholeNumber(50, 60_000), 1000),
  prepare: optional(boolean, true),
  keepEndedSeconds: optional(wholeNumber(0, 315_360_000), 2_592_000),
  time: optional(oneOf('server', 'caller'), 'server'),
})

/** An address may hold a password, and may be given in the wrong place. */
const secret: readonly string[] = ['postgres', 'postgres.url', 'postgres.pool', 'postgres.embedded']

/** Throws a `ConfigError` that names the wrong option. */
export function parsePostgresOptions(given: PostgresStoreOptions): PostgresSettings {
  const { url, pool, embedded, keepEndedSeconds, ...rest } = parse(options, given, {
    path: 'postgres',
    mayShow: (path) => !secret.includes(path),
  })
  return Object.freeze({
    ...rest,
    source: sourceOf(url, pool, embedded),
    keepEndedMs: keepEndedSeconds * 1000,
  })
}

function sourceOf(
  url: string | undefined,
  pool: Pool | undefined,
  embedded: EmbeddedDatabase | undefined,
): PostgresSettings['source'] {
  const given = [url, pool, embedded].filter((one) => one !== undefined)
  if (given.length > 1)
    throw new ConfigError('postgres.url', {
      sentence: 'give one of "postgres.url", "postgres.pool" and "postgres.embedded", not several',
    })
  if (pool !== undefined) return { kind: 'pool', pool }
  if (embedded !== undefined) return { kind: 'embedded', embedded }
  if (url !== undefined) return { kind: 'url', url }
  throw new ConfigError('postgres.url', {
    sentence: `"postgres.url" is required: give ${address}, or give "postgres.pool"`,
  })
}

function isPostgresUrl(given: unknown): boolean {
  if (typeof given !== 'string' || !URL.canParse(given)) return false
  const { protocol, hostname } = new URL(given)
  return (protocol === 'postgres:' || protocol === 'postgresql:') && hostname !== ''
}
