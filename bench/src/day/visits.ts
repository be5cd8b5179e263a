import { HOUR, MINUTE } from '../simulation/agenda.ts'
import type { Dice } from '../simulation/dice.ts'
import type { Visit } from '../simulation/visitor.ts'
import { START } from './calendar.ts'
import { addressIn } from './geography.ts'
import type { Device, DeviceKind, Person } from './population.ts'

const KILOMETRES_PER_HOUR = 850
/** From leaving to being online again, besides the flight. */
const AT_AIRPORTS_MS = 2.5 * HOUR

/** The networks of a device. */
export interface Places {
  readonly usual: string
  at(time: number, dice: Dice): string
  /** Where somebody is at a time who has just left a network. */
  after(network: string, time: number): string
}

export function placesOf({ city, home, office, mobile, journey }: Person, { kind, vpn }: Device): Places {
  const usual = kind === 'work' ? (office ?? home) : home
  const arrives = arrivalOf(journey)
  const hotel = journey && addressIn(journey.to, 'hotel', city)

  return {
    usual,
    at(time, dice) {
      if (hotel !== undefined && time >= arrives) return hotel
      if (kind !== 'phone') return usual
      const hour = (time - START) / HOUR
      if (hour < 8 || hour > 18) return dice.chance(0.7) ? home : mobile
      return office !== undefined && dice.chance(0.6) ? office : mobile
    },
    after(network, time) {
      if (hotel !== undefined && time >= arrives) return hotel
      if (network === vpn) return network
      return network === mobile ? home : mobile
    },
  }
}

function arrivalOf(journey: Person['journey']): number {
  if (journey === undefined) return Number.POSITIVE_INFINITY
  return journey.leaves + AT_AIRPORTS_MS + (journey.kilometres / KILOMETRES_PER_HOUR) * HOUR
}

/** The visits of a day, in their order. Nobody is online in the air. */
export function createVisits(
  { journey }: Person,
  { kind, vpn }: Device,
  places: Places,
  dice: Dice,
): readonly Visit[] {
  const leaves = journey?.leaves ?? Number.POSITIVE_INFINITY
  const arrives = arrivalOf(journey)
  const starts = startsOf(kind, dice)
    .sort((one, other) => one - other)
    .filter((at) => at < leaves || at > arrives)
  return starts.map((at, nth) => {
    const ends = at + Math.min(dice.exponential(30 * MINUTE), 4 * HOUR)
    // The VPN is switched on at the second visit, or at the only one.
    const isBehindVpn = vpn !== undefined && (nth > 0 || starts.length === 1)
    return {
      starts: at,
      ends: at < leaves ? Math.min(ends, leaves) : ends,
      network: isBehindVpn ? vpn : places.at(at, dice),
    }
  })
}

function startsOf(kind: DeviceKind, dice: Dice): number[] {
  const around = (hour: number, spread: number): number =>
    START + (hour + (dice.between(-1, 1) + dice.between(-1, 1) + dice.between(-1, 1)) * spread) * HOUR
  switch (kind) {
    case 'work':
      return [around(8.75, 0.4), around(11, 0.5), around(14.5, 0.8)]
    case 'phone':
      return Array.from(
        { length: Math.ceil(dice.between(0, 3)) },
        () => START + dice.between(6.5, 22.5) * HOUR,
      )
    case 'computer':
    case 'tablet':
      return Array.from({ length: Math.ceil(dice.between(0, 2)) }, () => around(19.5, 1))
  }
}
