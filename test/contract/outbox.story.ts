import fc from 'fast-check'

export const PROCESSES = 3
export const SUBJECTS = 3
/** The last one is a receiver only once a process has added it. */
export const RECEIVERS = ['first', 'second', 'late'] as const
export type Receiver = (typeof RECEIVERS)[number]

/** What a process does with the outbox. */
export type Deed =
  | { readonly do: 'append' | 'end'; readonly by: number; readonly about: number }
  | { readonly do: 'read'; readonly by: number; readonly to: Receiver; readonly most: number }
  /** `picks` choose among the messages that the receiver has been given so far. */
  | { readonly do: 'settle'; readonly by: number; readonly to: Receiver; readonly picks: readonly number[] }
  | { readonly do: 'bury'; readonly by: number; readonly to: Receiver; readonly pick: number }
  /** Tells the store again what it told it last, as if the answer had been lost. */
  | { readonly do: 'again'; readonly by: number }
  | { readonly do: 'claim'; readonly by: number }

export type Step =
  | Deed
  | { readonly do: 'release' | 'crash'; readonly by: number }
  | { readonly do: 'add' | 'remove'; readonly by: number; readonly to: Receiver }
  /** The right to send is over by time. */
  | { readonly do: 'lapse' }
  /** All that was appended so far is older than messages are kept. */
  | { readonly do: 'age' }
  /** Each process does what its line says, all at once. What it appends concerns a subject of its own. */
  | { readonly do: 'race'; readonly lines: readonly (readonly Deed[])[] }

const by = fc.nat(PROCESSES - 1)
const about = fc.nat(SUBJECTS - 1)
const to = fc.constantFrom(...RECEIVERS)
const pick = fc.nat(20)

const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('append' as const), by, about }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const), by, about }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('read' as const), by, to, most: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      ...{ do: fc.constant('settle' as const), by, to },
      picks: fc.array(pick, { minLength: 1, maxLength: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('bury' as const), by, to, pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('again' as const), by }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('claim' as const), by }) },
)

const race = fc
  .array(fc.array(deed, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: PROCESSES })
  .map((lines) => ({
    do: 'race' as const,
    lines: lines.map((line, process) =>
      line.map((one) => ('about' in one ? { ...one, by: process, about: process } : { ...one, by: process })),
    ),
  }))

/** Any story of processes that share an outbox. */
export const story: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 18, arbitrary: deed },
    { weight: 2, arbitrary: race },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('release' as const, 'crash' as const), by }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('add' as const, 'remove' as const), by, to }) },
    { weight: 1, arbitrary: fc.constant({ do: 'lapse' as const }) },
    { weight: 1, arbitrary: fc.constant({ do: 'age' as const }) },
  ),
  { maxLength: 30 },
)
