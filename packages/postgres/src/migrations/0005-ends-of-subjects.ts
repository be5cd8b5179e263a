import type { Migration } from './migration.ts'

/**
 * Of a subject with many sessions, the row says that all of them are over before the rows of the sessions do: those that
 * were made until an instant, except one that may have been kept.
 */
export const endsOfSubjects: Migration = {
  id: 5,
  name: 'ends of subjects',
  statements: (schema) => [
    `ALTER TABLE ${schema}.subjects
  ADD COLUMN ended_until bigint NOT NULL DEFAULT -1,
  ADD COLUMN kept_session text`,
    `CREATE OR REPLACE VIEW ${schema}.session_states AS
SELECT s.id, s.subject, s.client, s.scope, s.device, s.ip, s.generation,
  to_timestamp(s.created_at / 1000.0) AS signed_in_at,
  to_timestamp(s.rotated_at / 1000.0) AS refreshed_at,
  CASE
    WHEN s.ended_at IS NOT NULL AND s.end_kind = 'expired' THEN 'expired'
    WHEN s.ended_at IS NOT NULL OR s.created_at <= h.ended_until OR mark.until IS NOT NULL THEN 'ended'
    WHEN s.expires_at <= extract(epoch FROM clock_timestamp()) * 1000 THEN 'expired'
    ELSE 'live'
  END AS state,
  CASE
    WHEN s.ended_at IS NOT NULL THEN s.end_kind
    WHEN s.created_at <= h.ended_until THEN 'everything'
    WHEN mark.until IS NOT NULL THEN 'subject'
  END AS why,
  to_timestamp(coalesce(s.ended_at, CASE WHEN s.created_at <= h.ended_until THEN h.ended_until END, mark.until) / 1000.0)
    AS ended_at
FROM ${schema}.sessions s
  LEFT JOIN ${schema}.shards h ON h.shard = s.shard
  LEFT JOIN LATERAL (
    SELECT u.ended_until AS until FROM ${schema}.subjects u
    WHERE u.tag = s.tag AND s.created_at <= u.ended_until AND s.id IS DISTINCT FROM u.kept_session) mark ON true`,
  ],
}
