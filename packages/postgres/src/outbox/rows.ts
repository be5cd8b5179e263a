import {
  type DeadLetter,
  isSessionId,
  type OutboxDraft,
  type OutboxMessage,
  SESSION_ENDED,
  tagOf,
  tagOfSession,
} from '@sallyport/core/store'
import type { Seals } from '../seals.ts'
import { idOf, type Place } from './places.ts'

/** A message as its row has it. */
export interface MessageRow {
  readonly position: number
  readonly kind: string
  readonly subject: string | null
  readonly session: string | null
  readonly at: number
  readonly body: string
  readonly seal: Uint8Array | null
}

/** A dead letter as its row has it. */
export interface LetterRow extends Omit<MessageRow, 'body'> {
  readonly receiver: string
  readonly shard: number
  readonly died_at: number
  readonly reason: string
  readonly seal: Uint8Array
}

/**
 * Messages and dead letters stand under a MAC, but for the end of a session, which a statement tells. So whoever can write
 * to the database can tell of the end of a session, and of nothing else.
 */
export interface OutboxRows {
  sealOf(draft: OutboxDraft, at: number): Buffer
  /** `undefined` for a row that this store did not write. */
  read(shard: number, row: MessageRow): OutboxMessage | undefined
  sealOfLetter(letter: DeadLetter): Buffer
  readLetter(row: LetterRow): DeadLetter | undefined
}

/** They tell these seals from all that might ever be made with the same keys. */
const MESSAGE = 'sallyport postgres outbox message 1'
const LETTER = 'sallyport postgres outbox letter 1'

function sealedOf({ kind, subject, session, body }: Omit<OutboxMessage, 'id' | 'at'>, at: number): string {
  return JSON.stringify([MESSAGE, kind, subject ?? null, session ?? null, at, body])
}

function sealedOfLetter({ receiver, id, kind, subject, session, at, diedAt, reason }: DeadLetter): string {
  return JSON.stringify([LETTER, receiver, id, kind, subject ?? null, session ?? null, at, diedAt, reason])
}

/** Drivers may give large numbers as BigInt. */
function headOf(place: Place, { kind, subject, session, at }: Omit<MessageRow, 'body' | 'position'>) {
  return {
    ...{ id: idOf(place), kind, at: Number(at) },
    ...(subject === null ? {} : { subject }),
    ...(session === null ? {} : { session }),
  }
}

/** A session's id begins with the tag of its subject. */
function isEnd({ subject, session, body }: OutboxMessage): boolean {
  if (session === undefined || !isSessionId(session) || body !== '') return false
  return subject === undefined || tagOf(subject) === tagOfSession(session)
}

export function createOutboxRows(seals: Seals): OutboxRows {
  return {
    sealOf: (draft, at) => seals.of(sealedOf(draft, at)),
    read(shard, row) {
      const place = { shard, position: Number(row.position) }
      const message = { ...headOf(place, row), body: row.body }
      const isOurs =
        row.seal === null
          ? row.kind === SESSION_ENDED && isEnd(message)
          : seals.under(sealedOf(message, message.at), row.seal) !== 'none'
      return isOurs ? message : undefined
    },
    sealOfLetter: (letter) => seals.of(sealedOfLetter(letter)),
    readLetter(row) {
      const { receiver, reason, shard } = row
      const place = { shard: Number(shard), position: Number(row.position) }
      const letter = { ...headOf(place, row), receiver, diedAt: Number(row.died_at), reason }
      return seals.under(sealedOfLetter(letter), row.seal) === 'none' ? undefined : letter
    },
  }
}
