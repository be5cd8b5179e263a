import { testClock } from '@sallyport/testing'
import { startGuarded } from '../servers/guarded.ts'
import { startNaive } from '../servers/naive.ts'
import type { Attack, Report, Verdict } from './attack.ts'
import { createScene, type Recorded } from './scene.ts'

/** Plays an attack against both servers, each of them new, with a clock of its own. */
export async function play(attack: Attack): Promise<Report> {
  const [naive, sallyport] = await Promise.all([
    playAgainst(startNaive, attack),
    playAgainst(startGuarded, attack),
  ])
  const { play: _, ...told } = attack
  return {
    ...told,
    steps: naive.recorded.map(({ says, exchange }, index) => {
      const other = sallyport.recorded[index]
      if (other?.says !== says) throw new Error(`${attack.name}: "${says}" was not done to both servers`)
      return { says, naive: exchange, sallyport: other.exchange }
    }),
    verdicts: { naive: naive.verdict, sallyport: sallyport.verdict },
  }
}

interface Played {
  readonly recorded: readonly Recorded[]
  readonly verdict: Verdict
}

async function playAgainst(start: typeof startNaive, attack: Attack): Promise<Played> {
  const clock = testClock()
  const target = await start(clock)
  try {
    const scene = createScene(target, clock)
    const verdict = (await attack.play(scene)) ? 'succeeded' : 'failed'
    return { recorded: scene.recorded, verdict }
  } finally {
    await target.close()
  }
}
