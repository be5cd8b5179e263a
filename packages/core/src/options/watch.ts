import * as v from 'valibot'
import type { ActivitySettings } from '../watch/activity/index.ts'
import type { AuditSettings } from '../watch/audit/index.ts'
import type { AuditSink } from '../watch/audit/sink.ts'
import type { VerificationPolicy } from '../watch/audit/verifications.ts'
import type { Meter } from '../watch/metrics/meter.ts'
import type { Tracer } from '../watch/traces/tracer.ts'
import {
  boolean,
  callable,
  type Entries,
  group,
  oneOf,
  type Room,
  room,
  wholeNumber,
} from './values/schema.ts'

/** What is kept and measured of what happens. */
export interface WithWatch {
  /** Keeps the newest 50 events of each user for `GET /activity` (endpoint set `activity`). Default: nothing is kept. */
  readonly activity?: ActivityOptions | undefined
  /** Writes every event to a sink. Default: events are told to listeners only. */
  readonly audit?: AuditOptions | undefined
  /**
   * Where to report metrics: a `Meter` of the OpenTelemetry API, such as `metrics.getMeter('sallyport')`. Default:
   * nowhere.
   */
  readonly meter?: Meter | undefined
  /**
   * Where to report traces of sign-ins and refreshes: a `Tracer` of the OpenTelemetry API, such as
   * `trace.getTracer('sallyport')`. Default: nowhere.
   */
  readonly tracer?: Tracer | undefined
}

export interface ActivityOptions {
  /** How long a user's events are kept after the newest one, in days. Default 30; 1 to 365. */
  readonly days?: number | undefined
}

export interface AuditOptions {
  /** Where events are written, such as `toFile` of `@sallyport/audit`. */
  readonly sink: AuditSink
  /**
   * Whether no event may be lost. Steps are answered when their events are written, and refused with 503 while they
   * cannot be. Default `false`: nobody waits for a sink. Events are written within 100 ms, and what it does not take in time
   * is lost and counted.
   */
  readonly required?: boolean | undefined
  /**
   * Which successful verifications are events, `token.accepted`: `none`; the `first` of each token in each process, and
   * whenever its address changes (each address at most once in 30 s); `all`; or a share of them between 0 and 1. Those of
   * a share are told together, up to 500 ms later, unless the trail is `required`. Default `first`.
   */
  readonly verifications?: VerificationPolicy | undefined
  /**
   * Whether the trail names subjects by `pseudonyms`, with all that tells of a person encrypted, so that `forgetUser`
   * leaves nothing that points to the user; or `plain`, as they are. Default `pseudonyms`.
   */
  readonly subjects?: 'pseudonyms' | 'plain' | undefined
  /**
   * How long the key of a pseudonym is kept after its last use, in days: as long as you keep the trail. Default 365; 1 to
   * 3650.
   */
  readonly days?: number | undefined
  /** The most events that wait for the sink. Default 10,000; 100 to 1,000,000. */
  readonly waiting?: number | undefined
  /** Milliseconds that a write may take before the sink counts as away. Default 1000; 50 to 60,000. */
  readonly timeoutMs?: number | undefined
}

export interface WatchSettings {
  /** `undefined`: nothing is kept. */
  readonly activity: ActivitySettings | undefined
  /** `undefined`: there is no sink. */
  readonly audit: AuditSettings | undefined
  readonly meter: Meter | undefined
  readonly tracer: Tracer | undefined
}

const DAY_MS = 86_400_000
const METER_METHODS: readonly (keyof Meter)[] = ['createObservableCounter', 'createObservableGauge']

const sinkMessage = 'a sink, such as toFile(...) of @sallyport/audit'
const sink = v.pipe(
  callable<AuditSink>(sinkMessage, 'write'),
  v.check(({ name }) => typeof name === 'string', sinkMessage),
)
const POLICIES: readonly unknown[] = ['none', 'first', 'all']
const verifications = v.custom<VerificationPolicy>(
  (given) => POLICIES.includes(given) || (typeof given === 'number' && given >= 0 && given <= 1),
  'one of none, first, all, or a number from 0 to 1',
)

const entries = {
  activity: v.optional(group({ days: v.optional(wholeNumber(1, 365), 30) })),
  audit: v.optional(
    group({
      sink,
      required: v.optional(boolean, false),
      verifications: v.optional(verifications, 'first'),
      subjects: v.optional(oneOf('pseudonyms', 'plain'), 'pseudonyms'),
      days: v.optional(wholeNumber(1, 3650), 365),
      waiting: v.optional(wholeNumber(100, 1_000_000), 10_000),
      timeoutMs: v.optional(wholeNumber(50, 60_000), 1000),
    }),
  ),
  meter: v.optional(callable<Meter>('a meter of the OpenTelemetry API', ...METER_METHODS)),
  tracer: v.optional(callable<Tracer>('a tracer of the OpenTelemetry API', 'startActiveSpan')),
} satisfies Entries<WithWatch>

export const watchRoom: Room<WatchSettings> = room(entries, ({ activity, audit, meter, tracer }) => ({
  activity: activity && { keptMs: activity.days * DAY_MS },
  audit: audit && { ...audit, mostWaiting: audit.waiting, keptMs: audit.days * DAY_MS },
  meter,
  tracer,
}))
