import type { DeadLetter, OutboxMessage } from '../ports/optional/outbox.ts'

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
