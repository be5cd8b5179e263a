import { type Agenda, DAY, HOUR, MINUTE, SECOND, START } from './agenda.ts'
import { type Browser, createBrowser, type Flight } from './browser.ts'
import type { Dice } from './dice.ts'
import type { Service } from './service.ts'

export const ACCESS_MS: number = 15 * MINUTE
const LOST = 0.01
const REPEATED_ELSEWHERE = 0.2
const RACING = 0.1
const RACE_MS = 2 * SECOND
const CLOSED_MEANWHILE = 0.003
const AWAY_FOR_DAYS = 0.02

/** What happened to all people of a run. */
export interface Tally {
  refreshes: number
  lost: number
  closed: number
}

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

/** Refreshes of one moment, of which each tab makes one. */
interface Round {
  readonly tabs: number
  pending: number
  /** Whether the page is closed before the answer comes. */
  readonly closed: boolean
}

/** Lets an honest person live: visits on most days, with one or two tabs, on networks that lose answers. */
export function startPerson(parts: PersonParts): Browser {
  const { dice, agenda, service, tally } = parts
  const browser = createBrowser(service, parts.keyed)
  let network = parts.home
  let visitEnds = 0

  function planVisit(from: number): void {
    const starts = nextVisit(from, dice)
    visitEnds = starts + Math.min(dice.exponential(30 * MINUTE), 4 * HOUR)
    network = dice.chance(0.7) ? parts.home : parts.elsewhere
    plan(starts)
  }

  function plan(at: number): void {
    parts.onPlanned?.(at)
    agenda.at(at, refreshAll)
  }

  /** A page that is still open when its access token expires gets the next one. */
  function goOn(): void {
    const expires = agenda.now() + ACCESS_MS
    if (expires < visitEnds) plan(expires)
    else planVisit(Math.max(agenda.now(), visitEnds))
  }

  async function refreshAll(): Promise<void> {
    if (browser.cookie() === undefined) return signIn()
    const tabs = dice.chance(RACING) ? 2 : 1
    const round: Round = { tabs, pending: tabs, closed: tabs === 1 && dice.chance(CLOSED_MEANWHILE) }
    if (tabs === 2) agenda.at(agenda.now() + dice.between(0, RACE_MS), () => refreshTab(round))
    await refreshTab(round)
  }

  async function signIn(): Promise<void> {
    await service.call(await browser.signIn(parts.subject, network))
    goOn()
  }

  async function refreshTab(round: Round): Promise<void> {
    // Another tab has just learnt that the session is over.
    if (browser.cookie() === undefined) return finish(round)
    tally.refreshes++
    const flight = await browser.refresh(network)
    const lands = agenda.now() + latencyIn(round)
    if (round.closed) {
      tally.closed++
      if (dice.chance(0.5)) agenda.at(lands, () => browser.landUnseen(flight))
      agenda.at(agenda.now() + dice.magnitude(HOUR, 10 * HOUR), () => planVisit(agenda.now()))
    } else if (dice.chance(LOST)) {
      tally.lost++
      repeatLater(round)
    } else agenda.at(lands, () => land(round, flight))
  }

  /** In a race, neither tab has its answer before both have sent. A later tab would just send the newer cookie. */
  function latencyIn({ tabs }: Round): number {
    return tabs === 1 ? dice.magnitude(50, 1500) : RACE_MS + dice.magnitude(50, 1500)
  }

  function repeatLater(round: Round): void {
    const moves = dice.chance(REPEATED_ELSEWHERE)
    const waits = moves ? dice.magnitude(2 * MINUTE, 6 * HOUR) : dice.between(1 * SECOND, 15 * SECOND)
    agenda.at(agenda.now() + waits, () => {
      if (moves) network = network === parts.home ? parts.elsewhere : parts.home
      return refreshTab(round)
    })
  }

  async function land(round: Round, flight: Flight): Promise<void> {
    browser.land(flight)
    if (flight.answer.kind === 'tokens') await service.call(flight.answer.accessToken)
    finish(round)
  }

  function finish(round: Round): void {
    round.pending--
    if (round.pending > 0) return
    if (browser.cookie() !== undefined) goOn()
    else if (parts.onSignedOut()) plan(agenda.now() + MINUTE)
  }

  planVisit(START)
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
