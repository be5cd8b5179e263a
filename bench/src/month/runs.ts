import { createAgenda } from '../simulation/agenda.ts'
import type { Browser } from '../simulation/browser.ts'
import { createDice } from '../simulation/dice.ts'
import { emptyTally, type Tally } from '../simulation/visitor.ts'
import { END, START } from './calendar.ts'
import { startPerson } from './person.ts'
import { type Conditions, openService } from './service.ts'
import { type Story, startThief, type Thief, type ThiefKind } from './thief.ts'

export const SEED = 20_260_105

export interface HonestFigures extends Readonly<Tally> {
  readonly people: number
  readonly conditions: Conditions
  /** How many people a theft alarm signed out at least once. */
  readonly signedOut: number
  readonly sessions: number
  readonly contested: number
}

/** A month of honest people alone. */
export async function runHonest(people: number, conditions: Conditions): Promise<HonestFigures> {
  const agenda = createAgenda({ from: START, until: END })
  const service = await openService(agenda, conditions)
  const tally = emptyTally()
  const signedOut = new Set<string>()
  let sessions = 0
  let contested = 0
  service.on((event, subject) => {
    if (event === 'session.started') sessions++
    else if (event === 'refresh.contested') contested++
    else signedOut.add(subject)
  })
  for (let index = 0; index < people; index++)
    startPerson({
      ...namesOf(index),
      ...{ dice: createDice(SEED + index), keyed: conditions.keyed, agenda, service, tally },
      onSignedOut: () => true,
    })
  await agenda.run()
  await service.close()
  return { ...tally, people, conditions, sessions, signedOut: signedOut.size, contested }
}

export interface TheftFigures {
  readonly kind: ThiefKind
  readonly conditions: Conditions
  /** Whether the thieves sent keys of their own. */
  readonly thiefKeyed: boolean
  readonly stories: readonly Story[]
  /** How many victims were signed out after the theft. */
  readonly signedOut: number
}

export interface Theft {
  readonly kind: ThiefKind
  readonly thiefKeyed: boolean
  readonly victims: number
}

/** A month of victims with one thief each. They have the habits of the first honest people. */
export async function runTheft(
  { kind, thiefKeyed, victims }: Theft,
  conditions: Conditions,
): Promise<TheftFigures> {
  const agenda = createAgenda({ from: START, until: END })
  const service = await openService(agenda, conditions)
  const thieves = new Map<string, Thief>()
  let signedOut = 0
  service.on((event, subject) => thieves.get(subject)?.hear(event))
  for (let index = 0; index < victims; index++) {
    const names = namesOf(index)
    let victim: Browser | undefined
    const thief = startThief({
      ...{ pace: kind.pace, keyed: thiefKeyed, dice: createDice(SEED - 1 - index), agenda, service },
      revocable: conditions.api === 'library',
      victimsCookie: () => victim?.cookie(),
    })
    thieves.set(names.subject, thief)
    victim = startPerson({
      ...names,
      ...{ dice: createDice(SEED + index), keyed: conditions.keyed, agenda, service, tally: emptyTally() },
      onPlanned: thief.expect,
      onSignedOut() {
        if (!thief.hasStolen()) return true
        signedOut++
        return false
      },
    })
  }
  await agenda.run()
  await service.close()
  const stories = [...thieves.values()].map((thief) => thief.story())
  return { kind, conditions, thiefKeyed, stories, signedOut }
}

function namesOf(index: number): { subject: string; home: string; elsewhere: string } {
  const host = `${index >> 8}.${index & 255}`
  return { subject: `person-${index}`, home: `198.18.${host}`, elsewhere: `198.19.${host}` }
}
