import { HOUR } from '../simulation/agenda.ts'
import type { Dice } from '../simulation/dice.ts'
import { START } from './calendar.ts'
import { addressIn, cities, type Flight, flights } from './geography.ts'

export type DeviceKind = 'work' | 'phone' | 'computer' | 'tablet'

/** A device, which has one session on the day. */
export interface Device {
  readonly kind: DeviceKind
  readonly userAgent: string
  /** The exit of a VPN that is switched on in the course of the day. */
  readonly vpn: string | undefined
}

export interface Person {
  readonly name: string
  readonly city: number
  /** Addresses, each of which others have as well: the family, the colleagues, hundreds of strangers. */
  readonly home: string
  readonly office: string | undefined
  readonly mobile: string
  readonly devices: readonly Device[]
  /** With the hour at which the person is offline for it. */
  readonly journey: (Flight & { readonly leaves: number }) | undefined
  /** Has not been here for three months or longer. */
  readonly isLongAway: boolean
}

const WORKS_IN_AN_OFFICE = 0.5
const HAS_PHONE = 0.85
const HAS_COMPUTER = 0.4
const HAS_TABLET = 0.1
/** What is rare is not drawn, since a few more or less would decide about the figures: one in so many people. */
const ONE_FLIES_IN = 200
const ONE_IS_LONG_AWAY_IN = 200
const ONE_USES_VPN_IN = 333
/** Of those who use one: most take the exit that is proposed, which is the nearest. */
const ONE_IS_FAR_AWAY_IN = 3
/** Of each city, in turn. */
const OFFICE_SIZES = [500, 200, 100, 50] as const
const PEOPLE_BEHIND_A_MOBILE_ADDRESS = 300
const MOST_IN_A_FAMILY = 4

const WINDOWS_CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'
const WINDOWS_EDGE = `${WINDOWS_CHROME} Edg/142.0.0.0`
const WINDOWS_FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0'
const MAC_SAFARI =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15'
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1'
const ANDROID =
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36'
const IPAD =
  'Mozilla/5.0 (iPad; CPU OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1'

const officeBrowsers = [WINDOWS_EDGE, WINDOWS_CHROME, WINDOWS_FIREFOX]
const homeBrowsers = [WINDOWS_CHROME, WINDOWS_CHROME, WINDOWS_EDGE, WINDOWS_FIREFOX, MAC_SAFARI]
const phones = [IPHONE, ANDROID]

/** An office, where everybody has the same browser. */
interface Office {
  readonly address: string
  readonly userAgent: string
  readonly size: number
  people: number
}

/** People, family by family, until they have so many devices together. */
export function createPopulation(sessions: number, dice: Dice): readonly Person[] {
  const people: Person[] = []
  const offices = new Map<number, Office[]>()
  const inhabitants = new Map<number, number>()
  let devices = 0
  let families = 0

  function officeIn(city: number): Office {
    const all = offices.get(city) ?? []
    offices.set(city, all)
    const last = all.at(-1)
    if (last !== undefined && last.people < last.size) return last
    const size = OFFICE_SIZES[all.length % OFFICE_SIZES.length] ?? 0
    const made: Office = {
      ...{ address: addressIn(city, 'office', all.length), size, people: 0 },
      userAgent: dice.pick(officeBrowsers),
    }
    all.push(made)
    return made
  }

  function addPerson(city: number, home: string): void {
    const office = dice.chance(WORKS_IN_AN_OFFICE) ? officeIn(city) : undefined
    if (office !== undefined) office.people++
    const neighbours = inhabitants.get(city) ?? 0
    inhabitants.set(city, neighbours + 1)
    const nth = people.length
    const vpn = isOneIn(ONE_USES_VPN_IN, nth) ? exitOfVpn(city, nth, dice) : undefined
    const own = devicesOf(office, vpn, dice)
    devices += own.length
    people.push({
      ...{ name: `person-${nth}`, city, home, office: office?.address, devices: own },
      mobile: addressIn(city, 'mobile', Math.floor(neighbours / PEOPLE_BEHIND_A_MOBILE_ADDRESS)),
      journey: isOneIn(ONE_FLIES_IN, nth) ? journeyFrom(city, dice) : undefined,
      isLongAway: isOneIn(ONE_IS_LONG_AWAY_IN, nth + ONE_IS_LONG_AWAY_IN / 4),
    })
  }

  while (devices < sessions) {
    const city = drawCity(dice)
    const home = addressIn(city, 'home', families++)
    const size = Math.ceil(dice.between(0, MOST_IN_A_FAMILY))
    for (let member = 0; member < size && devices < sessions; member++) addPerson(city, home)
  }
  return people
}

/** Whether somebody is the one in the middle of so many. */
function isOneIn(many: number, nth: number): boolean {
  return nth % many === Math.floor(many / 2)
}

function devicesOf(office: Office | undefined, vpn: string | undefined, dice: Dice): readonly Device[] {
  const own: [DeviceKind, string][] = []
  if (office !== undefined) own.push(['work', office.userAgent])
  if (dice.chance(HAS_PHONE)) own.push(['phone', dice.pick(phones)])
  if (dice.chance(HAS_COMPUTER)) own.push(['computer', dice.pick(homeBrowsers)])
  if (dice.chance(HAS_TABLET)) own.push(['tablet', IPAD])
  if (own.length === 0) own.push(['phone', dice.pick(phones)])
  const behindVpn = Math.floor(dice.between(0, own.length))
  return own.map(([kind, userAgent], nth) => ({
    kind,
    userAgent,
    vpn: nth === behindVpn ? vpn : undefined,
  }))
}

function journeyFrom(city: number, dice: Dice): Person['journey'] {
  const flight = dice.pick(flights.filter(({ from }) => from === city))
  return { ...flight, leaves: START + dice.between(9, 12) * HOUR }
}

function drawCity(dice: Dice): number {
  const all = cities.reduce((sum, { weight }) => sum + weight, 0)
  let left = dice.between(0, all)
  return Math.max(
    0,
    cities.findIndex(({ weight }) => {
      left -= weight
      return left < 0
    }),
  )
}

function exitOfVpn(city: number, nth: number, dice: Dice): string {
  const isFar = Math.floor(nth / ONE_USES_VPN_IN) % ONE_IS_FAR_AWAY_IN === 0
  const elsewhere = cities.flatMap((_, other) => (other === city ? [] : [other]))
  return addressIn(isFar ? dice.pick(elsewhere) : city, 'vpn', Math.floor(dice.between(0, 20)))
}
