import type { OutboxMessage, OutboxStore, Store } from '@sallyport/core/store'

/** An outbox with one fault. */
export interface WrongOutbox {
  readonly fault: string
  around(outbox: OutboxStore): OutboxStore
}

const reading = (
  fault: string,
  change: (messages: readonly OutboxMessage[]) => readonly OutboxMessage[],
): WrongOutbox => ({
  fault,
  around: (outbox) => ({
    ...outbox,
    async read(query) {
      const outcome = await outbox.read(query)
      return outcome.kind === 'unavailable' ? outcome : { ...outcome, messages: change(outcome.messages) }
    },
  }),
})

export const wrongOutboxes: readonly WrongOutbox[] = [
  reading('gives messages out of order', (messages) => messages.toReversed()),
  reading('loses every third message', (messages) => messages.filter((_, index) => index % 3 !== 2)),
  reading('gives a message twice', (messages) =>
    messages.flatMap((one, index) => (index === 1 ? [one, one] : [one])),
  ),
  {
    fault: 'does not note the last of what is settled',
    around: (outbox) => ({
      ...outbox,
      settle: (given) => outbox.settle({ ...given, settled: given.settled.slice(0, -1) }),
    }),
  },
  {
    fault: 'takes what one receiver has settled for settled by all',
    around: (outbox) => ({
      ...outbox,
      async settle(given) {
        for (const receiver of given.receivers) await outbox.settle({ ...given, receiver, dead: [] })
        return outbox.settle(given)
      },
    }),
  },
  {
    fault: 'lets everybody send',
    around: (outbox) => ({ ...outbox, claim: () => Promise.resolve({ kind: 'claimed' }) }),
  },
  {
    fault: 'lets nobody send after a crash',
    around: (outbox) => ({ ...outbox, claim: (holder, _forMs, at) => outbox.claim(holder, 3_600_000, at) }),
  },
  {
    fault: 'lets anybody give up the right to send of another process',
    around(outbox) {
      let last = ''
      return {
        ...outbox,
        async claim(holder, forMs, at) {
          const outcome = await outbox.claim(holder, forMs, at)
          if (outcome.kind === 'claimed') last = holder
          return outcome
        },
        release: () => outbox.release(last),
      }
    },
  },
  {
    fault: 'buries nobody',
    around: (outbox) => ({
      ...outbox,
      settle: (given) =>
        outbox.settle({ ...given, settled: [...given.settled, ...given.dead.map(({ id }) => id)], dead: [] }),
    }),
  },
  {
    fault: 'keeps a dead letter each time that it is told',
    around: (outbox) => ({
      ...outbox,
      async deadLetters() {
        const outcome = await outbox.deadLetters()
        if (outcome.kind === 'unavailable') return outcome
        return { ...outcome, letters: outcome.letters.flatMap((one) => [one, one]) }
      },
    }),
  },
  {
    fault: 'keeps what is too old',
    around: (outbox) => ({ ...outbox, read: (query) => outbox.read({ ...query, at: 0 }) }),
  },
]

export const withOutbox = (store: Store, { around }: WrongOutbox): Store => ({
  ...store,
  ...(store.outbox === undefined ? {} : { outbox: around(store.outbox) }),
})
