import { UnavailableError } from '../../errors.ts'
import type { Outbox } from '../../outbox/index.ts'
import type { DeadLetter } from '../../ports/optional/outbox.ts'

/** What an application does with what is told to other services. */
export interface OutboxCalls {
  /**
   * What was given up lately, the newest first: at least the last hundred messages that a service refused, or did not
   * accept in time. They are kept for a week. Empty without the option `outbox`. Rejects with an `UnavailableError` while
   * the store does not answer.
   */
  deadLetters(): Promise<readonly DeadLetter[]>
}

export function createOutboxCalls(outbox: Pick<Outbox, 'deadLetters'>): OutboxCalls {
  return {
    async deadLetters() {
      const outcome = await outbox.deadLetters()
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      return outcome.letters
    },
  }
}
