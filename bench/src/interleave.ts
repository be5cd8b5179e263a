import { setImmediate as turn } from 'node:timers/promises'

/** Something to be done again and again; each call does the `BATCH` operations that begin at an index. */
export type Run = (from: number) => Promise<void> | void

/** Operations per second, by what was measured and by round. */
export type Rates = Readonly<Record<string, readonly number[]>>

/** Between two looks at the clock, after which timers and the network get their turn. */
export const BATCH = 1000

export interface Interleaving {
  readonly rounds: number
  /** Seconds of each run in each round. */
  readonly seconds: number
  /** Batches of each run before the first round. */
  readonly warmUp: number
}

/** Measures runs in turn, round by round, each round beginning with another one. */
export async function interleave(
  runs: Readonly<Record<string, Run>>,
  { rounds, seconds, warmUp }: Interleaving,
): Promise<Rates> {
  const all = Object.entries(runs).map(([name, run]) => ({ name, run, rates: [] as number[] }))
  for (const { run } of all) for (let batch = 0; batch < warmUp; batch++) await run(batch * BATCH)
  for (let round = 0; round < rounds; round++)
    for (let index = 0; index < all.length; index++) {
      const one = all[(index + round) % all.length]
      one?.rates.push(await rateOf(one.run, seconds))
    }
  return Object.fromEntries(all.map(({ name, rates }) => [name, rates]))
}

async function rateOf(run: Run, seconds: number): Promise<number> {
  const start = performance.now()
  let operations = 0
  let elapsed = 0
  while (elapsed < seconds) {
    await run(operations)
    operations += BATCH
    await turn()
    elapsed = (performance.now() - start) / 1000
  }
  return operations / elapsed
}
