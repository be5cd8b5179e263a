import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  sql,
} from 'kysely'

/** Makes statements. It has no driver, so it never sends any. */
export type Builder = Kysely<unknown>

export function createBuilder(): Builder {
  return new Kysely<unknown>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  })
}

/**
 * The tables, each by its name in the schema, for `sql` templates. A statement locks rows in this order: the subject, its
 * sessions, what else belongs to it, and last the shard. So no two wait for each other.
 */
export interface Tables {
  /** Of subjects: until when tokens are refused, and how many refreshes there were lately. */
  readonly subjects: RawBuilder<unknown>
  /** Of subjects all sessions of which have ended, though their rows may not say so yet. Locked after the subject. */
  readonly unfinishedEndings: RawBuilder<unknown>
  /** Of sessions: the state of each, and why it ended. */
  readonly sessions: RawBuilder<unknown>
  /** Of shards: the mark of each feed. */
  readonly shards: RawBuilder<unknown>
  /** Of revocations: the feeds. */
  readonly revocations: RawBuilder<unknown>
  /** Of who puts back what a shard lost. */
  readonly leases: RawBuilder<unknown>
  /** Of the signing keys: one row. */
  readonly keyRing: RawBuilder<unknown>
  readonly counters: RawBuilder<unknown>
  /** Of names of what may happen once. */
  readonly once: RawBuilder<unknown>
  readonly activity: RawBuilder<unknown>
  readonly subjectKeys: RawBuilder<unknown>
  readonly sightings: RawBuilder<unknown>
  readonly apiKeys: RawBuilder<unknown>
  /** Of messages that are on their way to other services. */
  readonly outbox: RawBuilder<unknown>
  readonly outboxReceivers: RawBuilder<unknown>
  /** Of up to where each receiver has settled all messages of a shard. */
  readonly outboxProgress: RawBuilder<unknown>
  /** Of messages that a receiver never got. */
  readonly outboxDeadLetters: RawBuilder<unknown>
  /** Of who has the right to send messages: one row. */
  readonly outboxSender: RawBuilder<unknown>
  readonly documents: RawBuilder<unknown>
  /** Of the members of sets. */
  readonly documentMembers: RawBuilder<unknown>
}

const NAMES = {
  subjects: 'subjects',
  unfinishedEndings: 'unfinished_endings',
  sessions: 'sessions',
  shards: 'shards',
  revocations: 'revocations',
  leases: 'leases',
  keyRing: 'key_ring',
  counters: 'counters',
  once: 'once',
  activity: 'activity',
  subjectKeys: 'subject_keys',
  sightings: 'sightings',
  apiKeys: 'api_keys',
  outbox: 'outbox',
  outboxReceivers: 'outbox_receivers',
  outboxProgress: 'outbox_progress',
  outboxDeadLetters: 'outbox_dead_letters',
  outboxSender: 'outbox_sender',
  documents: 'documents',
  documentMembers: 'document_members',
} as const satisfies Record<keyof Tables, string>

export const tableNames: readonly string[] = Object.values(NAMES)

export function createTables(schema: string): Tables {
  const table = (of: keyof Tables): RawBuilder<unknown> => sql.id(schema, NAMES[of])
  return {
    subjects: table('subjects'),
    unfinishedEndings: table('unfinishedEndings'),
    sessions: table('sessions'),
    shards: table('shards'),
    revocations: table('revocations'),
    leases: table('leases'),
    keyRing: table('keyRing'),
    counters: table('counters'),
    once: table('once'),
    activity: table('activity'),
    subjectKeys: table('subjectKeys'),
    sightings: table('sightings'),
    apiKeys: table('apiKeys'),
    outbox: table('outbox'),
    outboxReceivers: table('outboxReceivers'),
    outboxProgress: table('outboxProgress'),
    outboxDeadLetters: table('outboxDeadLetters'),
    outboxSender: table('outboxSender'),
    documents: table('documents'),
    documentMembers: table('documentMembers'),
  }
}

/** The clock of the server, in milliseconds since the epoch. It goes on during a transaction. */
export const serverNow: RawBuilder<number> = sql<number>`floor(extract(epoch from clock_timestamp()) * 1000)::bigint`
