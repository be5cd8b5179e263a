import { setTimeout as sleep } from 'node:timers/promises'
import type { Say } from '../setup.ts'
import { createAgenda, HOUR } from '../simulation/agenda.ts'
import { createDice } from '../simulation/dice.ts'
import { emptyTally, type Tally } from '../simulation/visitor.ts'
import { type Played, stage } from './attacks/attack.ts'
import { attacks } from './attacks/index.ts'
import { END, PAST, START } from './calendar.ts'
import { type Heard, startFleet } from './fleet.ts'
import { BEFORE, planSession } from './honest.ts'
import { createLedger, type HonestFigures } from './ledger.ts'
import { createPopulation } from './population.ts'
import { isOver, type Moment, verdictsOn } from './verdict.ts'

export const SEED = 20_260_105
/** An attack that is not answered by then has failed. */
export const PATIENCE_MS = 5000
/** The share of honest sessions that may have a false alarm; of fewer sessions, one alarm would be more. */
export const MOST_ALARMED = 0.001
const ENOUGH_SESSIONS = 5000

export interface Conditions {
  /** Honest ones. */
  readonly sessions: number
  /** Whether browsers send an `Idempotency-Key`, as the apps on phones and tablets do. */
  readonly keyed: boolean
  /** How often each attack is played; 0 for a day without. */
  readonly repetitions: number
}

export interface DayFigures {
  readonly conditions: Conditions
  readonly people: number
  readonly requests: number
  readonly tally: Readonly<Tally>
  readonly honest: HonestFigures
  readonly played: readonly Played[]
}

/** Plays one day. */
export async function runDay(conditions: Conditions, say: Say): Promise<DayFigures> {
  const { sessions, keyed, repetitions } = conditions
  const agenda = createAgenda({ from: PAST, until: END })
  const ledger = createLedger()
  const stages = new Map<string, ReturnType<typeof stage>>()
  const fleet = await startFleet(agenda, hear)
  const tally = emptyTally()

  function hear(heard: Heard): void {
    const attack = stages.get(heard.owner)
    if (attack !== undefined) attack.hear(heard)
    else if (heard.owner !== BEFORE) ledger.hear(heard)
  }

  const people = createPopulation(sessions, createDice(SEED))
  let planned = 0
  for (const person of people)
    for (const device of person.devices) {
      const nth = planned++
      planSession({
        ...{ person, device, owner: `honest-${nth}`, dice: createDice(SEED + 1 + nth) },
        keyed: keyed || device.kind === 'phone' || device.kind === 'tablet',
        ...{ agenda, fleet, tally },
      })
    }

  const everybody = people.map(({ name }) => name)
  for (const [index, attack] of attacks.entries())
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const nth = index * repetitions + repetition
      const owner = `attack-${nth}`
      const dice = createDice(SEED - 1 - nth)
      const starts = START + dice.between(1, 22) * HOUR
      stages.set(owner, stage({ attack, owner, nth, starts, everybody, dice, agenda, fleet }))
    }

  for (let hour = 0; hour < 24; hour += 6)
    agenda.at(START + hour * HOUR, () => say(`${hour} h, ${fleet.answered()} requests`))
  await agenda.run()
  const played = [...stages.values()]
  const gaveUpAt = performance.now() + PATIENCE_MS
  while (!played.every(isOver) && performance.now() < gaveUpAt) await sleep(50)
  await fleet.close()
  const requests = fleet.answered()
  return { conditions, people: people.length, requests, tally, honest: ledger.figures(), played }
}

/** What must not be: attacks that were not raised or answered in time, and too many false alarms. */
export function faultsOf({ conditions, honest, played }: DayFigures): readonly string[] {
  const isLate = ({ delayMs }: Moment): boolean => delayMs > PATIENCE_MS
  const faults = verdictsOn(played).flatMap(({ attack, times, raised, answered }) => [
    ...(raised.length < times || raised.some(isLate) ? [`"${attack.name}" was not raised each time`] : []),
    ...(answered.length < times || answered.some(isLate)
      ? [`"${attack.name}" was not answered each time`]
      : []),
  ])
  // Without keys, what is lost and what is stolen look the same, which the page shows.
  const isBound = conditions.keyed && conditions.sessions >= ENOUGH_SESSIONS
  return isBound && honest.alarmed > MOST_ALARMED * conditions.sessions
    ? [...faults, `${honest.alarmed} honest sessions had a false alarm`]
    : faults
}
