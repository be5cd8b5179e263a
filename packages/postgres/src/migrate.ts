import { lacksTables, refusal } from './faults.ts'
import { createMigrationsTable, migrations, quoted, recordMigration } from './migrations/index.ts'
import type { PostgresSettings } from './options.ts'
import { rest } from './rest.ts'
import type { Send, Source } from './source.ts'
import { tableNames } from './tables.ts'

const OLDEST_SERVER = 140_000
/** How often it is asked whether another process has run the migrations. */
const WAIT_MS = 100
const MAX_WAITS = 300

/**
 * Sees to it that the server is new enough and that the tables are up to date.
 *
 * Throws a `ConfigError` for a server that is too old or a standby, and with `migrate: 'check'` for tables that are not up to
 * date. Rejects with the error of the driver if the server cannot do it.
 */
export async function prepare(
  source: Source,
  { schema, migrate }: Pick<PostgresSettings, 'schema' | 'migrate'>,
): Promise<void> {
  const [server] = await source.send(
    `SELECT current_setting('server_version_num')::integer AS version, pg_is_in_recovery() AS standby`,
    [],
  )
  if (Number(server?.version) < OLDEST_SERVER)
    throw refusal('this PostgreSQL is too old: use version 14 or newer')
  if (server?.standby === true)
    throw refusal(
      'this PostgreSQL is a standby, where nothing can be written: give the address of the primary',
    )
  for (let waits = 0; ; waits++) {
    const known = await lastMigration(source.send, schema)
    const missing = migrations.filter(({ id }) => id > known)
    if (missing.length === 0) return expectRights(source.send, schema)
    if (migrate === 'check')
      throw refusal(
        `the tables in the schema "${schema}" are not up to date: run what migrationsOf("${schema}", ${known}) gives, or leave "postgres.migrate" out`,
      )
    if (await source.transaction((send) => runMissing(send, schema))) return
    if (waits === MAX_WAITS)
      throw new Error('another process has been running the migrations for a long time')
    await rest(WAIT_MS)
  }
}

/** Of the tables of the store alone: the schema may have others. */
async function expectRights(send: Send, schema: string): Promise<void> {
  const [lacking] = await send(
    `SELECT c.relname AS table FROM pg_class AS c
      WHERE c.relnamespace = to_regnamespace($1) AND c.relkind = 'r' AND c.relname = ANY ($2::text[]) AND NOT (
        has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
        AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))
      ORDER BY 1 LIMIT 1`,
    [quoted(schema), tableNames],
  )
  if (lacking !== undefined)
    throw refusal(
      `PostgreSQL does not let this user change the table "${lacking.table}": grant the rights that the guide lists`,
    )
}

/** The number of the migration that was run last; 0 if none was. */
async function lastMigration(send: Send, schema: string): Promise<number> {
  try {
    const [row] = await send(
      `SELECT coalesce(max(id), 0)::integer AS last FROM ${quoted(schema)}.migrations`,
      [],
    )
    return Number(row?.last)
  } catch (cause) {
    if (lacksTables(cause)) return 0
    throw cause
  }
}

/** Runs the migrations that were not run yet. Resolves to `false` if another process is at it. */
async function runMissing(send: Send, schema: string): Promise<boolean> {
  const [lock] = await send('SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS locked', [
    `sallyport migrations of ${schema}`,
  ])
  if (lock?.locked !== true) return false
  const [found] = await send('SELECT to_regnamespace($1) IS NULL AS missing', [schema])
  // Whoever may not create schemas can still be given one.
  if (found?.missing === true) await send(`CREATE SCHEMA ${quoted(schema)}`, [])
  await send(createMigrationsTable(schema), [])
  const known = await lastMigration(send, schema)
  for (const migration of migrations) {
    if (migration.id <= known) continue
    for (const statement of migration.statements(quoted(schema))) await send(statement, [])
    await send(recordMigration(schema, migration), [])
  }
  return true
}
