import { type Agenda, DAY, HOUR, MINUTE } from '../simulation/agenda.ts'
import { type Browser, createBrowser } from '../simulation/browser.ts'
import type { Dice } from '../simulation/dice.ts'
import { createVisitor, type Tally } from '../simulation/visitor.ts'
import { START } from './calendar.ts'
import type { Service } from './service.ts'

const AWAY_FOR_DAYS = 0.02

export interface PersonParts {
  readonly subject: string
  /** Two addresses: at home, and on the way. */
  readonly home: string
  readonly elsewhere: string
  readonly keyed: boolean
  readonly dice: Dice
  readonly agenda: Agenda
  readonly service: Service
  readonly tally: Tally
  /** Is told when the next refresh is due, as soon as that is certain. */
  readonly onPlanned?: (at: number) => void
  /** Whether a person who was signed out signs in again; if not, the story ends there. */
  readonly onSignedOut: () => boolean
}

/** Lets an honest person live: visits on most days, with one or two tabs, on networks that lose answers. */
export function startPerson(parts: PersonParts): Browser {
  const { subject, home, elsewhere, dice, service } = parts
  const browser = createBrowser(service, parts.keyed)
  const visitor = createVisitor({
    ...parts,
    browser,
    signIn: (network) => browser.signIn(subject, network),
    call: service.call,
    onTheWayFrom: (network) => (network === home ? elsewhere : home),
    nextVisit(from) {
      const starts = nextVisit(from, dice)
      const ends = starts + Math.min(dice.exponential(30 * MINUTE), 4 * HOUR)
      return { starts, ends, network: dice.chance(0.7) ? home : elsewhere }
    },
  })
  visitor.start(START)
  return browser
}

const WAKES = 7
const SLEEPS = 23

/** Some hours later, in the daytime, and now and then some days later. */
function nextVisit(from: number, dice: Dice): number {
  const away = dice.chance(AWAY_FOR_DAYS) ? dice.between(1, 4) * DAY : 0
  const at = from + away + 10 * MINUTE + dice.exponential(12 * HOUR)
  const hour = ((at - START) % DAY) / HOUR
  if (hour >= WAKES && hour < SLEEPS) return at
  const midnight = at - hour * HOUR
  return midnight + (hour < WAKES ? 0 : DAY) + WAKES * HOUR + dice.exponential(HOUR)
}
