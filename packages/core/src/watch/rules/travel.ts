import { isSessionId } from '../../ports/ids.ts'
import type { SeenValue } from '../../ports/optional/sightings.ts'
import type { Locate } from './locations.ts'
import type { AnomalyRule, Coordinates, RuleResponses } from './rule.ts'

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
function kilometresBetween(one: Coordinates, other: Coordinates): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180
  const halfSquared = (from: number, to: number): number => Math.sin(radians(to - from) / 2) ** 2
  const chord =
    halfSquared(one.latitude, other.latitude) +
    Math.cos(radians(one.latitude)) *
      Math.cos(radians(other.latitude)) *
      halfSquared(one.longitude, other.longitude)
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(chord)))
}
