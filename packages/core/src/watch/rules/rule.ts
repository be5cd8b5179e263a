import type { Seen } from '../../ports/optional/sightings.ts'
import type { EventName, SallyportEvent } from '../event.ts'

/** The events that a rule may look at: all but its own. */
export type ObservedEvent = Exclude<EventName, 'alert.raised'>

/** How much it matters. A `notice` is often harmless, and a `critical` finding never is. */
export type Severity = 'notice' | 'warning' | 'critical'

/** A place, in degrees. */
export interface Coordinates {
  /** -90 to 90. */
  readonly latitude: number
  /** -180 to 180. */
  readonly longitude: number
}

/** What is known of an event besides what it tells. The hashes need the `secret`, and differ from those of other uses. */
export interface Circumstances {
  /** A hash of the network of `ip`: the IPv4 address, or the /64 of the IPv6 address. */
  readonly network: string | undefined
  /** A hash of the network of `previous_ip`. */
  readonly previousNetwork: string | undefined
  /** A hash of the device that the User-Agent names: browser and system, without versions. */
  readonly device: string
  /** Where `ip` is at a sign-in, a refresh or an accepted token, by the option `locate` of `impossible_travel`. */
  readonly location: Coordinates | undefined
  /** Hashes a string, to 22 characters. */
  hash(text: string): string
}

/** What of an event is noted. */
export interface Observation {
  /**
   * What sightings count together by, such as `[network]`; the store gets a hash of it. `user`: by the user whom the event
   * names in `sub`; `forgetUser` erases these sightings. Left out: nothing is noted, and the event is judged alone.
   */
  readonly by?: 'user' | readonly string[] | undefined
  /**
   * What is told apart, such as a network. 1 to 64 printable ASCII characters without blanks are kept as they are, so
   * take hashes for what names somebody; any other string is hashed. Default: each event counts.
   */
  readonly value?: string | undefined
}

/** Something that should not be. */
export interface Finding {
  /** A sentence for people, which names nobody. */
  readonly summary: string
}

/** Whom a finding is told, besides listeners of the event `alert.raised`. */
export interface RuleAlert {
  /** Whether `onAlert` and the webhook are told. Default `true`. */
  readonly alert?: boolean | undefined
}

/** What follows from a finding about a session or its user, besides the event `alert.raised`. */
export interface RuleResponses extends RuleAlert {
  /** Whether the session that the event names ends, with the name of the rule as the reason. Default `false`. */
  readonly revoke?: boolean | undefined
  /**
   * Whether strangers cannot sign in to the account of the user whom the event names, for `lockout.durationSeconds` and
   * with the name of the rule as the reason. Devices that have signed in before still can. It takes sign-ins that give
   * `guardSignIn` the `subject`. Default `false`.
   */
  readonly lock?: boolean | undefined
  /** Points that the risk of the session grows by, for a day: 0 to 100. Default 0. */
  readonly risk?: number | undefined
}

/**
 * A rule by which anomalies are found: data and two pure functions. Sightings are kept in the store, so they count over
 * all processes together.
 */
export interface AnomalyRule<Name extends ObservedEvent = ObservedEvent> extends RuleResponses {
  /** The `reason` of `alert.raised`: 1 to 64 of `a-z 0-9 _`, beginning with a letter, and no other rule's name. */
  readonly name: string
  /** The events that it looks at. */
  readonly events: readonly Name[]
  /** Default `warning`. */
  readonly severity?: Severity | undefined
  /** How long a sighting is kept, in seconds: 1 to 34,560,000 (400 days). */
  readonly windowSeconds: number
  /**
   * How many different values are kept, the latest ones: 0 to 64. With 0, each event is judged alone, even while the store
   * is away, and `by` only tells for whom the alert is quiet.
   */
  readonly most: number
  /**
   * How long no other alert is raised for the same `by` after a finding, in seconds: 0 to 34,560,000. `revoke`,
   * `lock` and `risk` follow each finding all the same. Default: `windowSeconds`.
   */
  readonly quietSeconds?: number | undefined
  /** What of the event is noted; `undefined`: it does not concern this rule. */
  observe(event: SallyportEvent<Name>, circumstances: Circumstances): Observation | undefined
  /** Judges what has been seen within the window, this event included. `undefined`: all is well. */
  judge(seen: Seen, event: SallyportEvent<Name>, circumstances: Circumstances): Finding | undefined
}

/** The options of a rule that alerts when something is seen more than `most` times within a window. */
export interface CountSettings extends RuleResponses {
  readonly most: number
  readonly windowSeconds: number
}

/** What a rule needs to count one more than is normal. */
export function counting(
  { most, windowSeconds, ...responses }: CountSettings,
  what: string,
): Pick<AnomalyRule, 'windowSeconds' | 'most' | 'judge'> & RuleResponses {
  const finding: Finding = { summary: `more than ${most} ${what} within ${windowSeconds} seconds` }
  return {
    ...{ ...responses, windowSeconds, most: most + 1 },
    judge: ({ values }) => (values.length > most ? finding : undefined),
  }
}
