import type { Migration } from './migration.ts'

/**
 * What is on its way to other services. Messages of a shard are numbered while it is locked, so they become visible in their
 * order. Each has the names of the receivers that have settled it.
 */
export const outbox: Migration = {
  id: 3,
  name: 'outbox',
  statements: (schema) => [
    `ALTER TABLE ${schema}.shards ADD COLUMN outbox_position bigint NOT NULL DEFAULT 0`,
    `CREATE TABLE ${schema}.outbox (
  shard smallint NOT NULL,
  position bigint NOT NULL,
  kind text NOT NULL,
  subject text,
  session text,
  at bigint NOT NULL,
  body text NOT NULL,
  seal bytea,
  settled_by text[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (shard, position)
) WITH (fillfactor = 80)`,
    `CREATE TABLE ${schema}.outbox_receivers (
  name text COLLATE "C" PRIMARY KEY,
  kept_until bigint NOT NULL
)`,
    `CREATE TABLE ${schema}.outbox_progress (
  receiver text COLLATE "C" NOT NULL,
  shard smallint NOT NULL,
  settled_until bigint NOT NULL,
  PRIMARY KEY (receiver, shard)
)`,
    `CREATE TABLE ${schema}.outbox_dead_letters (
  receiver text COLLATE "C" NOT NULL,
  shard smallint NOT NULL,
  position bigint NOT NULL,
  kind text NOT NULL,
  subject text,
  session text,
  at bigint NOT NULL,
  died_at bigint NOT NULL,
  reason text NOT NULL,
  seal bytea NOT NULL,
  PRIMARY KEY (receiver, shard, position)
)`,
    `CREATE INDEX outbox_letters_in_order ON ${schema}.outbox_dead_letters (died_at)`,
    `CREATE TABLE ${schema}.outbox_sender (
  id smallint PRIMARY KEY CHECK (id = 1),
  holder text NOT NULL,
  lasts_until bigint NOT NULL
)`,
  ],
}
