import type { Migration } from './migration.ts'

/** What the optional capabilities of the store keep. */
export const otherPorts: Migration = {
  id: 2,
  name: 'signing keys, counters, names, activity, keys of subjects, sightings, API keys',
  statements: (schema) => [
    `CREATE TABLE ${schema}.key_ring (
  id smallint PRIMARY KEY CHECK (id = 1),
  version bigint NOT NULL,
  entries jsonb NOT NULL
)`,
    `CREATE TABLE ${schema}.counters (
  name text COLLATE "C" PRIMARY KEY,
  since bigint NOT NULL,
  ends_at bigint NOT NULL,
  attempts integer NOT NULL,
  blocked_until bigint NOT NULL
) WITH (fillfactor = 80)`,
    `CREATE INDEX counters_dead ON ${schema}.counters (greatest(ends_at, blocked_until))`,
    `CREATE TABLE ${schema}.once (
  name text COLLATE "C" PRIMARY KEY,
  kept_until bigint NOT NULL
)`,
    `CREATE INDEX once_dead ON ${schema}.once (kept_until)`,
    `CREATE TABLE ${schema}.activity (
  tag text COLLATE "C" NOT NULL,
  failures boolean NOT NULL,
  entries text[] NOT NULL,
  kept_until bigint NOT NULL,
  PRIMARY KEY (tag, failures)
)`,
    `CREATE INDEX activity_dead ON ${schema}.activity (kept_until)`,
    `CREATE TABLE ${schema}.subject_keys (
  tag text COLLATE "C" PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  key bytea NOT NULL CHECK (octet_length(key) = 32),
  kept_until bigint NOT NULL
) WITH (fillfactor = 80)`,
    `CREATE INDEX subject_keys_dead ON ${schema}.subject_keys (kept_until)`,
    `CREATE TABLE ${schema}.sightings (
  owner text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  seen text[] NOT NULL,
  seen_at bigint[] NOT NULL,
  seen_before bigint,
  most integer NOT NULL,
  first_counts boolean NOT NULL,
  kept_until bigint NOT NULL,
  PRIMARY KEY (owner, name)
)`,
    `CREATE INDEX sightings_dead ON ${schema}.sightings (kept_until)`,
    `CREATE TABLE ${schema}.api_keys (
  tag text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  subject text NOT NULL,
  name text NOT NULL,
  scope text NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  last_used_at bigint,
  digest bytea NOT NULL,
  seal bytea NOT NULL,
  PRIMARY KEY (tag, id)
) WITH (fillfactor = 80)`,
    `CREATE INDEX api_keys_dead ON ${schema}.api_keys (expires_at)`,
  ],
}
