// A month with honest people and thieves, on the real library with a turned clock: writes docs/month.md.
//
//   node bench/dist/month/main.js                           three to five minutes
//   node bench/dist/month/main.js --people 50 --victims 10 --out month.md

import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { median } from '../stats.ts'
import { pageOf } from './page.ts'
import { type HonestFigures, runHonest, runTheft, type TheftFigures } from './runs.ts'
import { type Conditions, GRACE_SECONDS } from './service.ts'
import { type ThiefKind, thiefKinds } from './thief.ts'

const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '1000' },
    victims: { type: 'string', default: '40' },
    out: { type: 'string', default: fileURLToPath(new URL('../../../docs/month.md', import.meta.url)) },
  },
})
const people = Number(values.people)
const victims = Number(values.victims)
/** Without a grace, a tenth of the people shows enough. */
const PEOPLE_WITHOUT_GRACE = 0.1

const started = performance.now()
function say(line: string): void {
  const seconds = Math.round((performance.now() - started) / 1000)
  process.stderr.write(`${String(seconds).padStart(5)} s  ${line}\n`)
}

const allConditions = [GRACE_SECONDS, 0].flatMap((graceSeconds) =>
  [true, false].flatMap((keyed) =>
    (['library', 'jwks'] as const).map((api) => ({ keyed, api, graceSeconds })),
  ),
)

const honest: HonestFigures[] = []
for (const conditions of allConditions) {
  const share = conditions.graceSeconds === 0 ? PEOPLE_WITHOUT_GRACE : 1
  const figures = await runHonest(Math.ceil(people * share), conditions)
  say(`${nameOf(conditions)}: ${figures.signedOut} signed out, ${figures.contested} contested`)
  honest.push(figures)
}

const thefts: TheftFigures[] = []
for (const kind of thiefKinds)
  for (const conditions of allConditions) {
    const figures = await runBetter(kind, conditions)
    say(`${nameOf(conditions)}: ${kind.name}, ${freeAmong(figures)} not found`)
    thefts.push(figures)
  }

await writeFile(values.out, pageOf(honest, thefts))

/**
 * The thief takes no key, unless he is better off with one. Where the client has none, it would make the session a keyed
 * one, which has no grace to hide in.
 */
async function runBetter(kind: ThiefKind, conditions: Conditions): Promise<TheftFigures> {
  const without = await runTheft({ kind, thiefKeyed: false, victims }, conditions)
  if (!conditions.keyed) return without
  const withOne = await runTheft({ kind, thiefKeyed: true, victims }, conditions)
  const more = freeAmong(withOne) - freeAmong(without) || minutesOf(withOne) - minutesOf(without)
  return more > 0 ? withOne : without
}

function freeAmong({ stories }: TheftFigures): number {
  return stories.filter(({ foundAfterMinutes }) => foundAfterMinutes === undefined).length
}

function minutesOf({ stories }: TheftFigures): number {
  return median(stories.map(({ minutes }) => minutes))
}

function nameOf({ keyed, api, graceSeconds }: Conditions): string {
  return `${keyed ? 'keys' : 'no keys'}, ${api}, grace ${graceSeconds} s`
}
