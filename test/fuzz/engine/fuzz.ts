import type { Opened } from '../target.ts'
import type { Coverage } from './coverage.ts'
import { type Material, mutate } from './mutate.ts'
import type { Dice } from './random.ts'

/** An input that shows a fault. */
export interface Finding {
  readonly input: Buffer
  readonly fault: unknown
}

export interface Fuzzing {
  readonly coverage: Coverage
  readonly dice: Dice
  /** Whether to keep nothing, as a comparison with what coverage is good for. */
  readonly blind?: boolean
  readonly words: readonly string[]
  readonly maxBytes: number
  /** The inputs of earlier runs. */
  readonly earlier: readonly Buffer[]
  /** Called before each input is run. */
  trying(input: Buffer): void
  /** Called with each input that did something new. */
  keeping(input: Buffer): void
  /** Called with each finding. */
  finding(finding: Finding): void | Promise<void>
  /** Asked after each input. May wait, so that others have a turn. */
  goesOn(): boolean | Promise<boolean>
}

/** One of the last inputs that did something new is taken so often. */
const LATE_ONE_IN = 3
const LATE = 32

/**
 * Runs mutants of inputs that did something new, until it is told to stop. An input that does something new is kept, and
 * mutants are made of it, too.
 */
export async function fuzz({ run, seeds }: Opened, fuzzing: Fuzzing): Promise<void> {
  const { coverage, dice, words, maxBytes, earlier, blind = false } = fuzzing
  const corpus: Buffer[] = []
  const material: Material = { corpus, words, maxBytes, comparisons: coverage.comparisons }

  async function play(input: Buffer, always: boolean): Promise<void> {
    fuzzing.trying(input)
    coverage.clear()
    try {
      const ending = run(Buffer.from(input))
      if (ending !== undefined) await ending
    } catch (fault) {
      await fuzzing.finding({ input, fault })
    }
    const isNew = coverage.news() > 0 && !blind
    if (isNew || always) corpus.push(input)
    if (isNew) fuzzing.keeping(input)
  }

  for (const seed of [...seeds.map((one) => Buffer.from(one)), ...earlier]) {
    await play(seed, corpus.length === 0)
    if (!(await fuzzing.goesOn())) return
  }
  while (await fuzzing.goesOn()) {
    const from = dice.oneIn(LATE_ONE_IN) ? Math.max(0, corpus.length - LATE) : 0
    const chosen = corpus[from + dice.below(corpus.length - from)] ?? Buffer.alloc(0)
    await play(mutate(chosen, dice, material), false)
  }
}
