import { expect, test } from 'vitest'
import { judgeRotation } from '../../packages/core/src/sessions/rotate.ts'
import { allClaims } from './rotation-histories.claims.ts'
import { type Move, movesFrom } from './rotation-histories.moves.ts'
import { countHistories, searchHistories } from './rotation-histories.search.ts'
import { nameOf, type Setting, signedIn, type World } from './rotation-histories.world.ts'
import { wrongRules } from './rotation-rules.ts'

const clients = ['keyed', 'keyed after sign-in', 'keyless'] as const
const settings: readonly Setting[] = clients.flatMap((client): Setting[] => [
  { client, graceMs: 10_000, pace: 'any' },
  { client, graceMs: 10_000, pace: 'spaced' },
  { client, graceMs: 0, pace: 'any' },
])

const COUNTED_STEPS = 8
const COMPARED_STEPS = 4

test('no history of a client and a thief, however long, breaks a claim', () => {
  let states = 0
  let careful = 0
  let histories = 0
  for (const setting of settings) {
    const search = searchHistories(judgeRotation, setting, allClaims)
    expect(search.finding, JSON.stringify(setting)).toBeUndefined()
    states += search.states.length
    careful += search.states.filter(({ world }) => world.client.careful).length
    histories += countHistories(search, COUNTED_STEPS)
  }
  const [all, ofCareful, long] = [states, careful, histories].map((figure) => figure.toLocaleString('en'))
  console.info(`rotation: ${all} states (${ofCareful} with a careful client), which are all that there are;`)
  console.info(`rotation: ${long} histories of up to ${COUNTED_STEPS} steps lead through them`)
})

for (const { name, rule, breaks } of wrongRules)
  for (const claim of breaks)
    test(`if ${name}, it finds a history that breaks this: ${claim}`, () => {
      const isFound = settings.some(
        (setting) => searchHistories(rule, setting, [claim]).finding !== undefined,
      )
      expect(isFound).toBe(true)
    })

for (const setting of settings)
  test(`only worlds with the same future count as one state: ${JSON.stringify(setting)}`, () => {
    const futures = new Map<number, string>()
    const compare = (world: World, steps: number): void => {
      const name = nameOf(world)
      const moves = movesFrom(world, setting, judgeRotation)
      const future = futureOf(moves)
      expect(futures.get(name) ?? future).toBe(future)
      futures.set(name, future)
      if (steps > 0) for (const { to } of moves) if (to !== undefined && to !== world) compare(to, steps - 1)
    }
    compare(signedIn(setting), COMPARED_STEPS)
  })

/** What can happen next and where it leads, whatever the numbers of the tokens are. */
function futureOf(moves: readonly Move[]): string {
  const future = moves.map(({ step, to }) => `${step.replace(/\d+/, '')} ${to && nameOf(to)}`)
  return [...new Set(future)].sort().join('\n')
}
