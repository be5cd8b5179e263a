import { type KnownMarks, notBeforeOf } from '@sallyport/core/store'

/** What the store knows of until when everything of a subject is over. `null` where it knows nothing. */
export interface Marks {
  /** Tokens of the subject that were issued in this second or earlier are refused. */
  readonly not_before: number | null
  /** Sessions of the subject that were made until this instant are over, whatever their rows say. */
  readonly over_until: number | null
  /** The session that is not. */
  readonly kept_session: string | null
  /** Of everything in its shard; -1 if it has none. */
  readonly ended_until: number | null
}

/** Sessions that were made until this instant are over. The caller may know of an end that was lost here. */
export function endedUntil({ ended_until }: Pick<Marks, 'ended_until'>, known?: KnownMarks): number {
  return Math.max(Number(ended_until ?? -1), known?.endedUntil || -1)
}

/** Whether a session that was made at an instant is over, though its row may not say so yet. */
export function isOver(
  { id, createdAt }: { readonly id: string; readonly createdAt: number },
  marks: Marks,
  known?: KnownMarks,
): boolean {
  if (createdAt <= endedUntil(marks, known)) return true
  return createdAt <= Number(marks.over_until ?? -1) && id !== marks.kept_session
}

/** The earliest `iat` for tokens, in seconds since the epoch. */
export function issueFrom(marks: Pick<Marks, 'not_before' | 'ended_until'>, known: KnownMarks): number {
  const until = endedUntil(marks, known)
  const notBeforeAll = until < 0 ? 0 : notBeforeOf({ kind: 'all', until })
  return Math.max(Number(marks.not_before ?? 0), notBeforeAll, known.refusedUntil) + 1
}
