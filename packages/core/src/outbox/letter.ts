import type { DeadLetter, OutboxMessage } from '../ports/optional/outbox.ts'

/** Tells of dead letters. It names nobody who was forgotten. */
export function tellOf(
  letters: readonly DeadLetter[],
  forgotten: readonly string[],
  died: (letter: DeadLetter) => void,
): void {
  for (const letter of letters) {
    const { subject: _subject, session: _session, ...unnamed } = letter
    died(forgotten.includes(letter.id) ? unnamed : letter)
  }
}

/** Makes a dead letter of a message. */
export function letterOf(
  { id, kind, subject, session, at }: Omit<OutboxMessage, 'body'>,
  end: Pick<DeadLetter, 'receiver' | 'diedAt' | 'reason'>,
): DeadLetter {
  return {
    ...{ id, kind, at, ...end },
    ...(subject === undefined ? {} : { subject }),
    ...(session === undefined ? {} : { session }),
  }
}
