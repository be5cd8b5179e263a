import { type Agenda, HOUR, MINUTE, SECOND } from './agenda.ts'
import type { Browser, Flight } from './browser.ts'
import type { Dice } from './dice.ts'

export const ACCESS_MS: number = 15 * MINUTE
const LOST = 0.01
const REPEATED_ELSEWHERE = 0.2
const RACING = 0.1
const RACE_MS = 2 * SECOND
const CLOSED_MEANWHILE = 0.003

/** What happened to all visitors of a run. */
export interface Tally {
  refreshes: number
  lost: number
  closed: number
}

export function emptyTally(): Tally {
  return { refreshes: 0, lost: 0, closed: 0 }
}

/** A stay at the application. */
export interface Visit {
  readonly starts: number
  readonly ends: number
  /** The address that it begins at. */
  readonly network: string
}

export interface VisitorParts {
  readonly browser: Browser
  readonly dice: Dice
  readonly agenda: Agenda
  readonly tally: Tally
  /** Resolves to the access token. */
  readonly signIn: (network: string) => Promise<string>
  /** Uses an access token that has just arrived. */
  readonly call: (accessToken: string, network: string) => Promise<void>
  /** Where somebody is later who leaves a network. */
  readonly onTheWayFrom: (network: string) => string
  /** The next one, which begins after `from`; `undefined`: there is none. */
  readonly nextVisit: (from: number) => Visit | undefined
  /** Is told when the next refresh is due, as soon as that is certain. */
  readonly onPlanned?: (at: number) => void
  /** Whether a person who was signed out signs in again; if not, the story ends there. */
  readonly onSignedOut: () => boolean
}

/** One browser of an honest person. */
export interface Visitor {
  /** Begins with the next visit after `from`. */
  start(from: number): void
  /** Goes to another network in the middle of a visit. */
  moveTo(network: string): void
}

/** Refreshes of one moment, of which each tab makes one. */
interface Round {
  readonly tabs: number
  pending: number
  /** Whether the page is closed before the answer comes. */
  readonly closed: boolean
}

/** Visits, with one or two tabs, on networks that lose answers. */
export function createVisitor(parts: VisitorParts): Visitor {
  const { browser, dice, agenda, tally } = parts
  let network = ''
  let visitEnds = 0

  function start(from: number): void {
    const visit = parts.nextVisit(from)
    if (visit === undefined) return
    network = visit.network
    visitEnds = visit.ends
    plan(visit.starts)
  }

  function plan(at: number): void {
    parts.onPlanned?.(at)
    agenda.at(at, refreshAll)
  }

  /** A page that is still open when its access token expires gets the next one. */
  function goOn(): void {
    const expires = agenda.now() + ACCESS_MS
    if (expires < visitEnds) plan(expires)
    else start(Math.max(agenda.now(), visitEnds))
  }

  async function refreshAll(): Promise<void> {
    if (browser.cookie() === undefined) return signIn()
    const tabs = dice.chance(RACING) ? 2 : 1
    const round: Round = { tabs, pending: tabs, closed: tabs === 1 && dice.chance(CLOSED_MEANWHILE) }
    if (tabs === 2) agenda.at(agenda.now() + dice.between(0, RACE_MS), () => refreshTab(round))
    await refreshTab(round)
  }

  async function signIn(): Promise<void> {
    await parts.call(await parts.signIn(network), network)
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
      agenda.at(agenda.now() + dice.magnitude(HOUR, 10 * HOUR), () => start(agenda.now()))
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
      if (moves) network = parts.onTheWayFrom(network)
      return refreshTab(round)
    })
  }

  async function land(round: Round, flight: Flight): Promise<void> {
    browser.land(flight)
    if (flight.answer.kind === 'tokens') await parts.call(flight.answer.accessToken, network)
    finish(round)
  }

  function finish(round: Round): void {
    round.pending--
    if (round.pending > 0) return
    if (browser.cookie() !== undefined) goOn()
    else if (parts.onSignedOut()) plan(agenda.now() + MINUTE)
  }

  return {
    start,
    moveTo(other) {
      network = other
    },
  }
}
