import { type Agenda, DAY, HOUR, MINUTE, SECOND } from '../simulation/agenda.ts'
import { createBrowser, type TokenServer } from '../simulation/browser.ts'
import type { Dice } from '../simulation/dice.ts'
import { ACCESS_MS, createVisitor, type Tally } from '../simulation/visitor.ts'
import { START } from './calendar.ts'
import type { Fleet } from './fleet.ts'
import type { Client, Given } from './messages.ts'
import type { Device, Person } from './population.ts'
import { createVisits, placesOf } from './visits.ts'

/** The first attempt of a sign-in fails; and so does each further one of those. */
const MISTYPES = 0.07
const MISTYPES_AGAIN = 0.2
const MOST_MISTAKES = 3
const IS_NEW = 0.02
const WAS_HERE_ON_FRIDAY = 0.15
const CALLS_LATER = 0.5
const PHONE_MOVES = 0.15
const DAYS_SINCE_SIGN_IN = 6

/** The owner of requests that were made before the day. */
export const BEFORE = 'before'

export interface HonestParts {
  readonly person: Person
  readonly device: Device
  readonly owner: string
  /** Whether the client sends an `Idempotency-Key`. */
  readonly keyed: boolean
  readonly dice: Dice
  readonly agenda: Agenda
  readonly fleet: Fleet
  readonly tally: Tally
}

/** Plans one session of an honest person, and what the device did before the day. */
export function planSession(parts: HonestParts): void {
  const { person, device, keyed, dice, agenda, fleet } = parts
  let owner = BEFORE
  let marks: string | undefined

  const clientAt = (ip: string): Client => ({ owner, ip, userAgent: device.userAgent })
  const server: TokenServer = {
    async signIn(name, { ip, key }) {
      const given = await fleet.ask(clientAt(ip), { kind: 'sign-in', name, passes: true, marks, key })
      if (given.kind === 'tokens') marks = given.marks
      return tokensOrEnd(given)
    },
    async refresh({ ip, cookie = '', key }) {
      return tokensOrEnd(await fleet.ask(clientAt(ip), { kind: 'refresh', cookie, key }))
    },
  }
  const browser = createBrowser(server, keyed)
  const places = placesOf(person, device)
  const onTheWayFrom = (network: string): string => places.after(network, agenda.now())
  const visits = createVisits(person, device, places, dice)
  const visitor = createVisitor({
    ...{ ...parts, browser, call, onTheWayFrom },
    signIn: (network) => browser.signIn(person.name, network),
    nextVisit: (from) => visits.find(({ starts }) => starts > from),
    onSignedOut: () => true,
  })

  async function call(accessToken: string, network: string): Promise<void> {
    const ask = { kind: 'call', accessToken } as const
    await fleet.ask(clientAt(network), ask)
    if (!dice.chance(CALLS_LATER)) return
    const moves = device.kind === 'phone' && dice.chance(PHONE_MOVES)
    agenda.at(agenda.now() + dice.between(10 * SECOND, ACCESS_MS - MINUTE), async () => {
      const here = moves ? onTheWayFrom(network) : network
      if (moves) visitor.moveTo(here)
      await fleet.ask(clientAt(here), ask)
    })
  }

  function mistype(at: number, network: string): void {
    const wrong = { kind: 'sign-in', name: person.name, passes: false } as const
    agenda.at(at, async () => void (await fleet.ask(clientAt(network), { ...wrong, marks })))
  }

  const wasHereOnFriday = !person.isLongAway && dice.chance(WAS_HERE_ON_FRIDAY)
  const isNew = !wasHereOnFriday && dice.chance(IS_NEW)
  if (!isNew) {
    const at = START - sinceSignIn(wasHereOnFriday)
    agenda.at(at, async () => void (await browser.signIn(person.name, places.usual)))
  }
  agenda.at(START, () => {
    owner = parts.owner
    const [first] = visits
    if (first === undefined) return
    if (!wasHereOnFriday) {
      browser.forget()
      const mistakes = mistakesOf(dice)
      for (let nth = mistakes; nth > 0; nth--)
        mistype(first.starts - nth * dice.between(5, 15) * SECOND, first.network)
    }
    visitor.start(START)
  })

  function sinceSignIn(onFriday: boolean): number {
    if (onFriday) return dice.between(2.3, 2.7) * DAY
    if (person.isLongAway) return dice.between(91, 300) * DAY
    return DAY + Math.min(dice.exponential(DAYS_SINCE_SIGN_IN), 60) * DAY + dice.between(0, 12) * HOUR
  }
}

function mistakesOf(dice: Dice): number {
  let mistakes = dice.chance(MISTYPES) ? 1 : 0
  while (mistakes > 0 && mistakes < MOST_MISTAKES && dice.chance(MISTYPES_AGAIN)) mistakes++
  return mistakes
}

function tokensOrEnd(given: Given): Awaited<ReturnType<TokenServer['refresh']>> {
  switch (given.kind) {
    case 'tokens':
      return given
    case 'refused':
      if (given.status === 401) return { kind: 'ended' }
      throw new Error(`an honest person was answered ${given.status}`)
    case 'failed':
    case 'passed':
      throw new Error(`a refresh ${given.kind}`)
  }
}
