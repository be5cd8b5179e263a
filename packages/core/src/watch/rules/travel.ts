import { patiently } from '../../dependencies/patience.ts'
import { isSessionId } from '../../ports/ids.ts'
import type { SeenValue } from '../../ports/optional/sightings.ts'
import type { Callbacks } from '../callbacks.ts'
import type { EventName, SallyportEvent } from '../event.ts'
import type { AnomalyRule, Coordinates, RuleResponses } from './rule.ts'

/** Finds out where an address is; `undefined` if that is not known. */
export type Locate = (ip: string) => Coordinates | undefined | PromiseLike<Coordinates | undefined>

export interface TravelSettings extends RuleResponses {
  readonly kilometres: number
  readonly kilometresPerHour: number
  readonly locate: Locate
}

const EARTH_RADIUS_KM = 6371
const FARTHEST_KM = Math.PI * EARTH_RADIUS_KM
const HOUR_SECONDS = 3600
/** Data bases of addresses are not more exact than this. */
const DECIMALS = 2

export function impossibleTravel(
  settings: TravelSettings,
): AnomalyRule<'session.started' | 'session.refreshed' | 'token.accepted'> {
  const { kilometres, kilometresPerHour, locate: _locate, ...responses } = settings
  return {
    ...{ ...responses, name: 'impossible_travel' },
    events: ['session.started', 'session.refreshed', 'token.accepted'],
    // After that, whoever travels so fast can be anywhere.
    windowSeconds: Math.ceil((FARTHEST_KM / kilometresPerHour) * HOUR_SECONDS),
    ...{ most: 2, quietSeconds: HOUR_SECONDS },
    // A token of another issuer names somebody else, even if the names are equal.
    observe: ({ event, sid = '' }, { location }) =>
      location === undefined || (event === 'token.accepted' && !isSessionId(sid))
        ? undefined
        : {
            by: 'user',
            value: `${location.latitude.toFixed(DECIMALS)},${location.longitude.toFixed(DECIMALS)}`,
          },
    judge({ values: [now, earlier] }) {
      if (now === undefined || earlier === undefined) return undefined
      const distance = kilometresBetween(locationIn(now), locationIn(earlier))
      const hours = Math.max(0, now.at - earlier.at) / 1000 / HOUR_SECONDS
      if (!(distance > kilometres && distance > kilometresPerHour * hours)) return undefined
      return {
        summary: `a user was at two places ${Math.round(distance)} km apart sooner than one can travel`,
      }
    },
  }
}

function locationIn({ value }: SeenValue): Coordinates {
  const [latitude = Number.NaN, longitude = Number.NaN] = value.split(',').map(Number)
  return { latitude, longitude }
}

/** Along a great circle, by the haversine formula. */
export function kilometresBetween(one: Coordinates, other: Coordinates): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180
  const halfSquared = (from: number, to: number): number => Math.sin(radians(to - from) / 2) ** 2
  const chord =
    halfSquared(one.latitude, other.latitude) +
    Math.cos(radians(one.latitude)) *
      Math.cos(radians(other.latitude)) *
      halfSquared(one.longitude, other.longitude)
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(chord)))
}

/** Where the events happened, as far as it is known. */
export type LocationsOf = (
  events: readonly SallyportEvent[],
) => Promise<ReadonlyMap<SallyportEvent, Coordinates>>

/** How long is waited for a location. */
const LOCATE_MS = 1000
const LOCATED: readonly EventName[] = ['session.started', 'session.refreshed', 'token.accepted']

/** @param locate `undefined`: nothing is located */
export function createLocations(locate: Locate | undefined, callbacks: Callbacks): LocationsOf {
  if (locate === undefined) return () => Promise.resolve(new Map())
  const ask = callbacks.answering('the option "anomalies.rules.impossible_travel.locate"', locate)

  /** A look-up that hangs must not hold up all others. */
  function answerTo(ip: string): Promise<unknown> {
    return new Promise((resolve) => {
      const calledOff = patiently(LOCATE_MS, () => resolve(undefined))
      void Promise.resolve(ask(ip))
        .catch(() => undefined)
        .then((found) => {
          calledOff()
          resolve(found)
        })
    })
  }

  return async (events) => {
    const concerned = events.filter(({ event }) => LOCATED.includes(event))
    const addresses = new Set(concerned.flatMap(({ ip }) => ip ?? []))
    const answers = await Promise.all([...addresses].map(async (ip) => [ip, await answerTo(ip)] as const))
    const found = new Map(answers)
    return new Map(
      concerned.flatMap((event) => {
        const location = found.get(event.ip ?? '')
        return areCoordinates(location) ? [[event, location]] : []
      }),
    )
  }
}

function areCoordinates(found: unknown): found is Coordinates {
  const { latitude, longitude } = Object(found)
  return isWithin(90, latitude) && isWithin(180, longitude)
}

function isWithin(most: number, degrees: unknown): boolean {
  return typeof degrees === 'number' && Math.abs(degrees) <= most
}
