import { type Grant, type SessionId, type SessionRecord, tagOf, tagOfSession } from '@sallyport/core/store'
import { type RawBuilder, sql } from 'kysely'
import type { Run } from './database.ts'
import { Unreadable } from './faults.ts'
import type { Seals } from './seals.ts'
import type { Tables } from './tables.ts'

/** A session as its row has it. */
export interface SessionRow {
  readonly id: string
  readonly subject: string
  readonly client: string
  readonly scope: string
  readonly transport: string
  readonly device: string
  readonly authenticated_at: number
  /** The parts of the grant that most sessions lack. */
  readonly particulars: Particulars
  readonly idle_ms: number | null
  readonly absolute_ms: number | null
  readonly seal: Uint8Array
  readonly generation: number
  readonly base: number
  readonly keyed: boolean
  readonly confirmed: boolean
  readonly converged: number
  readonly retry_key: Uint8Array | null
  readonly retry_key_sent: boolean
  readonly cells: Uint8Array
  readonly browser_version: number
  readonly ip: string | null
  readonly created_at: number
  readonly rotated_at: number
  readonly version: number
}

export type Particulars = Pick<Grant, 'acr' | 'amr' | 'elevation' | 'boundTo' | 'boundKey' | 'transient'>

const PARTICULARS = ['acr', 'amr', 'elevation', 'boundTo', 'boundKey', 'transient'] as const

/** The columns of {@link SessionRow}. */
export const sessionColumns: RawBuilder<unknown> = sql.raw(
  [
    ...['id', 'subject', 'client', 'scope', 'transport', 'device', 'authenticated_at', 'particulars'],
    ...['idle_ms', 'absolute_ms', 'seal', 'generation', 'base', 'keyed', 'confirmed', 'converged'],
    ...[
      'retry_key',
      'retry_key_sent',
      'cells',
      'browser_version',
      'ip',
      'created_at',
      'rotated_at',
      'version',
    ],
  ]
    .map((column) => `s.${column}`)
    .join(', '),
)

/** Refreshes do not lock the subject. */
export const LOCKED: RawBuilder<unknown> = sql`FOR UPDATE`

/** The rows of sessions that have not ended. */
export function rowsOf(
  { sessions }: Pick<Tables, 'sessions'>,
  run: Run,
  ids: readonly SessionId[],
  lock: RawBuilder<unknown> = sql``,
): Promise<readonly SessionRow[]> {
  return run<SessionRow>(sql`SELECT ${sessionColumns} FROM ${sessions} AS s
WHERE s.id = ANY (${ids}::text[]) AND s.ended_at IS NULL ORDER BY s.id ${lock}`)
}

/** Reads rows, and makes their seals: nothing of a grant is trusted before its seal was checked. */
export interface Records {
  /** The seal of a grant, under the current secret. */
  seal(id: SessionId, grant: Grant): Buffer
  /** Throws `Unreadable` if the seal fits under no secret, or if a part can't be read. */
  read(row: SessionRow): ReadRecord
  /** The sessions of one subject that can be read. The operator is told of the others once. */
  readEach(rows: readonly SessionRow[]): readonly SessionRecord[]
}

export interface ReadRecord {
  readonly record: SessionRecord
  /** Increases with every change that others have to know of. */
  readonly version: number
  /** Whether it is sealed under the current secret, not an earlier one. */
  readonly isCurrent: boolean
}

export function particularsOf({ acr, amr, elevation, boundTo, boundKey, transient }: Grant): string {
  return JSON.stringify({ acr, amr, elevation, boundTo, boundKey, transient })
}

/** Tells these seals from all that might ever be made with the same keys. */
const LABEL = 'sallyport postgres grant 1'

/** What the seal of a grant is of. The database may change the order of what is in JSON. */
function messageOf(id: SessionId, grant: Grant): string {
  const { elevation, boundTo, boundKey, lifetimes } = grant
  return JSON.stringify([
    ...[LABEL, id, grant.subject, grant.client, grant.scope, grant.transport, grant.device],
    ...[grant.authenticatedAt, grant.acr ?? null, grant.amr ?? null, grant.transient ?? false],
    elevation && [elevation.acr ?? null, elevation.amr ?? null, elevation.authenticatedAt, elevation.until],
    boundTo && [boundTo.jkt ?? null, boundTo.x5t ?? null, boundTo.fgp ?? null],
    boundKey && [boundKey.jkt, boundKey.alg, boundKey.boundAt, Object.entries(Object(boundKey.jwk)).sort()],
    lifetimes && [lifetimes.idleMs, lifetimes.absoluteMs],
  ])
}

const SUBJECT = 'the subject of a session'
const SEALED = 'a session (changed by others, or of another secret or issuer)'

export function createRecords(seals: Seals, leftOut: (cause: Unreadable) => void): Records {
  function read(row: SessionRow): ReadRecord {
    const record = recordOf(row)
    const under = seals.under(messageOf(record.id, record), row.seal)
    // The seal covers the subject, too. This only tells the operator what is wrong.
    if (under === 'none')
      throw new Unreadable(tagOf(record.subject) === tagOfSession(record.id) ? SEALED : SUBJECT)
    return { record, version: Number(row.version), isCurrent: under === 'current' }
  }
  return {
    seal: (id, grant) => seals.of(messageOf(id, grant)),
    read,
    readEach: (rows) =>
      rows.flatMap((row) => {
        try {
          return [read(row).record]
        } catch (cause) {
          if (!(cause instanceof Unreadable)) throw cause
          leftOut(cause)
          return []
        }
      }),
  }
}

/**
 * These members of what a column has as JSON. Others may have put anything there: members that the seal does not cover, and
 * null, which it takes for a member that is not there.
 */
function membersOf<T extends object>(given: T | undefined, names: readonly (keyof T)[]): T | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  // The members are those of the type, or the seal does not fit.
  return Object.fromEntries(
    names.map((name) => [name, given[name]]).filter(([, member]) => member !== null && member !== undefined),
  ) as T
}

/** Drivers may give large numbers as BigInt, and bytes as any kind of view. */
function recordOf(row: SessionRow): SessionRecord {
  const { acr, amr, transient, ...nested } = membersOf(row.particulars, PARTICULARS) ?? {}
  const elevation = membersOf(nested.elevation, ['acr', 'amr', 'authenticatedAt', 'until'])
  const boundTo = membersOf(nested.boundTo, ['jkt', 'x5t', 'fgp'])
  const boundKey = membersOf(nested.boundKey, ['jkt', 'alg', 'jwk', 'boundAt'])
  return {
    id: row.id as SessionId,
    subject: row.subject,
    client: row.client,
    scope: row.scope,
    transport: row.transport === 'body' ? 'body' : 'cookie',
    device: row.device,
    authenticatedAt: Number(row.authenticated_at),
    ...(acr === undefined ? {} : { acr }),
    ...(amr === undefined ? {} : { amr }),
    ...(elevation === undefined ? {} : { elevation }),
    ...(boundTo === undefined ? {} : { boundTo }),
    ...(boundKey === undefined ? {} : { boundKey }),
    ...(transient ? { transient } : {}),
    ...(row.idle_ms === null || row.absolute_ms === null
      ? {}
      : { lifetimes: { idleMs: Number(row.idle_ms), absoluteMs: Number(row.absolute_ms) } }),
    generation: Number(row.generation),
    base: Number(row.base),
    keyed: row.keyed,
    confirmed: row.confirmed,
    converged: Number(row.converged),
    ...(row.retry_key === null
      ? {}
      : { key: { bytes: Buffer.from(row.retry_key), sent: row.retry_key_sent } }),
    binding: { cells: Buffer.from(row.cells), version: row.browser_version },
    ...(row.ip === null ? {} : { ip: row.ip }),
    createdAt: Number(row.created_at),
    rotatedAt: Number(row.rotated_at),
  }
}
