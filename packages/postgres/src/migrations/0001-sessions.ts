import type { Migration } from './migration.ts'

/** Instants are milliseconds since the epoch, so that every driver reads them in the same way; the view shows them as times. */
export const sessions: Migration = {
  id: 1,
  name: 'sessions and revocations',
  statements: (schema) => [
    `CREATE TABLE ${schema}.subjects (
  tag text COLLATE "C" PRIMARY KEY,
  shard smallint NOT NULL,
  not_before bigint NOT NULL DEFAULT 0,
  except_session text,
  not_before_all bigint NOT NULL DEFAULT 0,
  window_ends_at bigint NOT NULL DEFAULT 0,
  window_count integer NOT NULL DEFAULT 0,
  kept_until bigint NOT NULL DEFAULT 0
)`,
    `CREATE TABLE ${schema}.sessions (
  id text COLLATE "C" PRIMARY KEY,
  tag text COLLATE "C" NOT NULL,
  shard smallint NOT NULL,
  subject text NOT NULL,
  client text NOT NULL,
  scope text NOT NULL,
  transport text NOT NULL CHECK (transport IN ('cookie', 'body')),
  device text NOT NULL,
  authenticated_at bigint NOT NULL,
  particulars jsonb NOT NULL,
  idle_ms bigint,
  absolute_ms bigint,
  seal bytea NOT NULL,
  generation bigint NOT NULL,
  base bigint NOT NULL,
  keyed boolean NOT NULL,
  confirmed boolean NOT NULL,
  converged bigint NOT NULL,
  retry_key bytea,
  retry_key_sent boolean NOT NULL DEFAULT false,
  cells bytea NOT NULL,
  browser_version integer NOT NULL,
  ip text,
  created_at bigint NOT NULL,
  rotated_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  ended_at bigint,
  end_kind text CHECK (end_kind IN
    ('ended', 'subject', 'replaced', 'limit', 'reused', 'mismatched', 'everything', 'expired', 'put_back')),
  CHECK ((ended_at IS NULL) = (end_kind IS NULL))
) WITH (fillfactor = 80)`,
    `CREATE INDEX sessions_live ON ${schema}.sessions (tag, created_at) WHERE ended_at IS NULL`,
    `CREATE INDEX sessions_of_subject ON ${schema}.sessions (tag) WHERE ended_at IS NOT NULL`,
    `CREATE INDEX sessions_ended ON ${schema}.sessions (ended_at) WHERE ended_at IS NOT NULL`,
    `CREATE INDEX sessions_made ON ${schema}.sessions (created_at) WHERE ended_at IS NULL`,
    `CREATE INDEX subjects_kept ON ${schema}.subjects (kept_until)`,
    `CREATE TABLE ${schema}.shards (
  shard smallint PRIMARY KEY,
  epoch text NOT NULL,
  began_at bigint NOT NULL,
  digest bigint NOT NULL DEFAULT 0,
  position bigint NOT NULL DEFAULT 0,
  ended_until bigint NOT NULL DEFAULT -1
) WITH (fillfactor = 50)`,
    `CREATE TABLE ${schema}.revocations (
  shard smallint NOT NULL,
  hash bytea NOT NULL,
  entry bytea NOT NULL,
  digest bigint NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (shard, hash)
)`,
    `CREATE UNIQUE INDEX revocations_in_order ON ${schema}.revocations (shard, position)`,
    `CREATE TABLE ${schema}.leases (
  shard smallint PRIMARY KEY,
  holder text NOT NULL,
  lasts_until bigint NOT NULL
)`,
    `CREATE VIEW ${schema}.session_states AS
SELECT s.id, s.subject, s.client, s.scope, s.device, s.ip, s.generation,
  to_timestamp(s.created_at / 1000.0) AS signed_in_at,
  to_timestamp(s.rotated_at / 1000.0) AS refreshed_at,
  CASE
    WHEN s.ended_at IS NOT NULL AND s.end_kind = 'expired' THEN 'expired'
    WHEN s.ended_at IS NOT NULL OR s.created_at <= h.ended_until THEN 'ended'
    WHEN s.expires_at <= extract(epoch FROM clock_timestamp()) * 1000 THEN 'expired'
    ELSE 'live'
  END AS state,
  CASE WHEN s.ended_at IS NULL AND s.created_at <= h.ended_until THEN 'everything' ELSE s.end_kind END AS why,
  to_timestamp(coalesce(s.ended_at, CASE WHEN s.created_at <= h.ended_until THEN h.ended_until END) / 1000.0) AS ended_at
FROM ${schema}.sessions s LEFT JOIN ${schema}.shards h ON h.shard = s.shard`,
  ],
}
