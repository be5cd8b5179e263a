import { BOUND_KEY_GRACE_MS } from '@sallyport/core/store'
import fc from 'fast-check'

/** How the sessions of one story are judged; fixed for the whole story. All times are milliseconds. */
export interface Rules {
  readonly graceMs: number
  readonly idleMs: number
  readonly absoluteMs: number
}

/** The attempt: one without a key; one of the process, new or repeated; or one of two that the client sends. */
export type KeyName = 'none' | 'new' | 'repeated' | 'sent A' | 'sent B'

/** A key of a browser, by which it is bound. */
export type BoundKeyName = 'A' | 'B'
/** What is shown of it: nothing that was asked for, nothing, or one of two keys. */
export type ProofName = 'unasked' | 'none' | BoundKeyName

/** What is held out to the store: of which generation, by whom. */
export interface Presented {
  readonly generation: number
  /** It is the session's own client, on the session's own transport. */
  readonly own: boolean
  /** The enforced part of the device is what it was. */
  readonly fits: boolean
  /** A part that is only observed is what it was. */
  readonly same: boolean
  /** A part whose change asks for a step-up is what it was. */
  readonly known: boolean
  readonly version: number
  readonly key: KeyName
  readonly proof: ProofName
}

/** What is seen from outside: the kind, and of the rest what applies. */
export interface Seen {
  readonly kind: string
  readonly generation?: number
  readonly drift?: number
  readonly rolledBack?: boolean
}

/** One of the three sessions of a story. */
export type Name = 0 | 1 | 2
export const NAMES: readonly Name[] = [0, 1, 2]
/** The session whose tokens travel in bodies. */
export const BODY_NAME: Name = 2
export const VERSION = 120

/** How the presenter names the client: rightly, not at all, wrongly, or over the wrong transport. */
export type Caller = 'own' | 'unsaid' | 'other client' | 'other transport'

export type Step =
  | {
      readonly do: 'present'
      readonly name: Name
      /** Generations before the current one; below zero for one that is still to come. */
      readonly behind: number
      readonly caller: Caller
      readonly fits: boolean
      readonly same: boolean
      readonly known: boolean
      readonly version: number
      readonly key: KeyName
      readonly proof: ProofName
    }
  | { readonly do: 'bind key'; readonly name: Name; readonly key: BoundKeyName }
  | { readonly do: 'see in use'; readonly name: Name; readonly behind: number }
  | { readonly do: 'end'; readonly name: Name }
  | { readonly do: 'end all but'; readonly kept: Name | undefined }
  | { readonly do: 'list' }
  | { readonly do: 'move'; readonly byMs: number }

export interface Story {
  readonly rules: Rules
  /** Whether the sign-ins had an `Idempotency-Key`. */
  readonly keyed: boolean
  readonly steps: readonly Step[]
}

const GRACE = 2000
const IDLE = 20_000
const ABSOLUTE = 60_000
const MOST_STEPS = 24

const often = <T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  )

const name = fc.constantFrom(...NAMES)
const behind = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(0, 1) },
  { weight: 1, arbitrary: fc.constantFrom(2, 3, 4, -1, -2) },
)
const key: fc.Arbitrary<KeyName> = fc.oneof(
  { weight: 6, arbitrary: fc.constant('none') },
  { weight: 2, arbitrary: fc.constantFrom('new', 'repeated') },
  { weight: 2, arbitrary: fc.constantFrom('sent A', 'sent B') },
)
const byMs = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(0, 1, GRACE / 2, GRACE, GRACE + 1) },
  { weight: 3, arbitrary: fc.constantFrom(BOUND_KEY_GRACE_MS, BOUND_KEY_GRACE_MS + 1) },
  { weight: 1, arbitrary: fc.constantFrom(IDLE - 1, IDLE, ABSOLUTE - 1, ABSOLUTE) },
  { weight: 1, arbitrary: fc.integer({ min: -GRACE, max: IDLE / 2 }) },
)

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('present' as const),
      name,
      behind,
      caller: often<Caller>('own', 'unsaid', 'other client', 'other transport'),
      fits: often(true, false),
      same: often(true, false),
      known: often(true, false),
      version: often(VERSION, VERSION - 1, VERSION + 1, 0),
      key,
      proof: fc.constantFrom<ProofName>('unasked', 'none', 'A', 'B'),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('bind key' as const),
      name,
      key: fc.constantFrom<BoundKeyName>('A', 'B'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('see in use' as const), name, behind }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('move' as const), byMs }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('list' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const), name }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('end all but' as const),
      kept: often<Name | undefined>(0, 1, 2, undefined),
    }),
  },
)

/** Small stories of one subject's three sessions; half of them under the strict rules, and some of keyed ones. */
export const story: fc.Arbitrary<Story> = fc.record({
  rules: fc.record({
    graceMs: fc.constantFrom(0, GRACE),
    idleMs: fc.constant(IDLE),
    absoluteMs: fc.constant(ABSOLUTE),
  }),
  keyed: often(false, true),
  steps: fc.array(step, { maxLength: MOST_STEPS, size: 'max' }),
})
