import { sessions } from './0001-sessions.ts'
import { otherPorts } from './0002-other-ports.ts'
import { outbox } from './0003-outbox.ts'
import { documents } from './0004-documents.ts'
import { endsOfSubjects } from './0005-ends-of-subjects.ts'
import { unfinishedEndings } from './0006-unfinished-endings.ts'
import type { Migration } from './migration.ts'

/** In their order. */
export const migrations: readonly Migration[] = [
  ...[sessions, otherPorts, outbox],
  ...[documents, endsOfSubjects, unfinishedEndings],
]

/** The name of a schema, as SQL takes any. */
export function quoted(schema: string): string {
  return `"${schema.replaceAll('"', '""')}"`
}

/** The table that says which migrations were run. */
export function createMigrationsTable(schema: string): string {
  return `CREATE TABLE IF NOT EXISTS ${quoted(schema)}.migrations (
  id integer PRIMARY KEY,
  name text NOT NULL,
  run_at timestamptz NOT NULL DEFAULT clock_timestamp()
)`
}

/** The record of a migration. Its name is one of this package. */
export function recordMigration(schema: string, { id, name }: Migration): string {
  return `INSERT INTO ${quoted(schema)}.migrations (id, name) VALUES (${id}, '${name}')`
}

/**
 * The migrations as one SQL script, for teams that run their own: each is a transaction, and is recorded. Run it as the
 * owner of the tables, and open the store with `migrate: 'check'`.
 *
 * @param schema the schema of the tables, as the option `schema` of the store says. Default `sallyport`
 * @param after the number of the last migration that was run. Default 0, which gives all
 * @example
 * ```ts
 * import { migrationsOf } from '@sallyport/postgres'
 *
 * process.stdout.write(migrationsOf('sallyport'))
 * ```
 */
export function migrationsOf(schema = 'sallyport', after = 0): string {
  const missing = migrations.filter(({ id }) => id > after)
  const scripts = missing.map((migration) =>
    [
      `-- ${migration.id}: ${migration.name}`,
      'BEGIN',
      `CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}`,
      createMigrationsTable(schema),
      ...migration.statements(quoted(schema)),
      recordMigration(schema, migration),
      'COMMIT',
    ].join(';\n'),
  )
  return `${scripts.map((script) => `${script.replace(';\n', '\n')};\n`).join('\n')}`
}
