import { randomPart, type SessionId, type SubjectTag, sessionIdFrom } from '@sallyport/core/store'
import type { Reply } from './commands.ts'
import { bytesOf } from './replies.ts'
import { Unreadable } from './unreadable.ts'

/** The field of the mark that ended the sessions of a subject at once: see `shared/layout.lua`. */
export const ENDED = 'x'
/** Goes before the field of a session to name the field of its grant. */
const GRANT = Buffer.from('.')
const CREATED_AT = 11
const MARK = /^(\d{1,15}):(.*)$/s

export function tagBytes(tag: SubjectTag): Buffer {
  return Buffer.from(tag, 'base64url')
}

/** The name of a session's field in the hash of its subject: the random part of its id, as bytes. */
export function fieldOf(id: SessionId): Buffer {
  return Buffer.from(randomPart(id), 'base64url')
}

export function grantFieldOf(field: Buffer): Buffer {
  return Buffer.concat([GRANT, field])
}

/** The id of the session with this field. */
export function sessionOf(tag: SubjectTag, field: Buffer): SessionId {
  return sessionIdFrom(tag, field.toString('base64url'))
}

/** The sessions with these fields, each once. */
export function idsOf(tag: SubjectTag, fields: readonly Reply[]): readonly SessionId[] {
  return [...new Set(fields.map((field) => sessionOf(tag, bytesOf(field))))]
}

/** Whether a session is over by the mark of its subject, as `is_over` in `shared/subjects.lua` finds it. */
export function isOver(mark: Reply | undefined, field: Buffer, state: Buffer): boolean {
  if (!Buffer.isBuffer(mark)) return false
  const [, endedAt, kept = ''] = MARK.exec(mark.toString('latin1')) ?? []
  if (endedAt === undefined) throw new Unreadable('a mark of a subject')
  return (
    kept !== field.toString('latin1') &&
    state.length >= CREATED_AT + 6 &&
    state.readUIntBE(CREATED_AT, 6) <= Number(endedAt)
  )
}

/** The field of a shard's meta with the instant until which everything has ended. */
export const EVERYTHING = 'a'

/** Reads that instant, in milliseconds since the epoch. */
export function everythingUntil(mark: Reply): number {
  if (mark === null) return Number.NEGATIVE_INFINITY
  if (!/^\d{1,15}$/.test(String(mark))) throw new Unreadable('the mark of a shard')
  return Number(String(mark))
}
