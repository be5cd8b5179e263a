import type { Migration } from './migration.ts'

/**
 * Subjects all sessions of which have ended, though their rows may not say so yet. The table may be there already,
 * since migration 5 made it for some time.
 */
export const unfinishedEndings: Migration = {
  id: 6,
  name: 'unfinished endings',
  statements: (schema) => [
    `CREATE TABLE IF NOT EXISTS ${schema}.unfinished_endings (
  tag text COLLATE "C" PRIMARY KEY,
  ended_until bigint NOT NULL,
  kept_session text
)`,
  ],
}
