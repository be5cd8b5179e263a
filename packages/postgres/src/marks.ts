import { type KnownMarks, notBeforeOf } from '@sallyport/core/store'

/** What the store knows of until when everything of a subject is over. */
export interface Marks {
  /** Of the subject; `null` if it has none. */
  readonly not_before: number | null
  /** Of everything in its shard; -1 or `null` if it has none. */
  readonly ended_until: number | null
}

/** Sessions that were made until this instant are over. The caller may know of an end that was lost here. */
export function endedUntil({ ended_until }: Pick<Marks, 'ended_until'>, known?: KnownMarks): number {
  return Math.max(Number(ended_until ?? -1), known?.endedUntil || -1)
}

/** The earliest `iat` for tokens, in seconds since the epoch. */
export function issueFrom(marks: Marks, known: KnownMarks): number {
  const until = endedUntil(marks, known)
  const notBeforeAll = until < 0 ? 0 : notBeforeOf({ kind: 'all', until })
  return Math.max(Number(marks.not_before ?? 0), notBeforeAll, known.refusedUntil) + 1
}
