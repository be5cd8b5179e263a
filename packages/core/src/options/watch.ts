import * as v from 'valibot'
import type { ActivitySettings } from '../watch/activity/index.ts'
import type { Meter } from '../watch/metrics/meter.ts'
import { callable, type Entries, group, type Room, room, wholeNumber } from './values/schema.ts'

/** What is kept and measured of what happens. */
export interface WithWatch {
  /** Keeps the newest 50 events of each user for `GET /activity` (endpoint set `activity`). Default: nothing is kept. */
  readonly activity?: ActivityOptions | undefined
  /**
   * Where to report metrics: a `Meter` of the OpenTelemetry API, such as `metrics.getMeter('sallyport')`. Default:
   * nowhere.
   */
  readonly meter?: Meter | undefined
}

export interface ActivityOptions {
  /** How long a user's events are kept after the newest one, in days. Default 30; 1 to 365. */
  readonly days?: number | undefined
}

export interface WatchSettings {
  /** `undefined`: nothing is kept. */
  readonly activity: ActivitySettings | undefined
  readonly meter: Meter | undefined
}

const DAY_MS = 86_400_000
const METER_METHODS: readonly (keyof Meter)[] = ['createObservableCounter', 'createObservableGauge']

const entries = {
  activity: v.optional(group({ days: v.optional(wholeNumber(1, 365), 30) })),
  meter: v.optional(callable<Meter>('a meter of the OpenTelemetry API', ...METER_METHODS)),
} satisfies Entries<WithWatch>

export const watchRoom: Room<WatchSettings> = room(entries, ({ activity, meter }) => ({
  activity: activity && { keptMs: activity.days * DAY_MS },
  meter,
}))
