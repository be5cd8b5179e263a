import * as v from 'valibot'
import type { RulesSettings } from '../../watch/rules/built-in.ts'
import type { Locate } from '../../watch/rules/locations.ts'
import type { AnomalyRule, ObservedEvent, RuleAlert, RuleResponses } from '../../watch/rules/rule.ts'
import { boolean, callable, distinctArray, group, oneOf, string, wholeNumber } from '../values/schema.ts'

/** The options of a rule that counts. */
export interface CountRuleOptions extends RuleAlert {
  /** How many are normal: one more is a finding. The default is that of the rule; 1 to 63. */
  readonly most?: number | undefined
  /** How long they count together, in seconds. The default is that of the rule; 1 to 86,400 (1 day). */
  readonly windowSeconds?: number | undefined
}

/** The options of a rule that counts what one session does. */
export interface SessionCountRuleOptions extends CountRuleOptions, RuleResponses {}

/** The options of a rule that remembers a user. */
export interface DaysRuleOptions extends RuleResponses {
  /** How long, in days. Default 90; 1 to 399. */
  readonly days?: number | undefined
}

export interface TravelRuleOptions extends RuleResponses {
  /** Gives the place of an address, such as from a data base. What it throws is a notice, and nothing is found then. */
  readonly locate: Locate
  /** How far apart two places must be, in kilometres. Default 1,000; 1 to 20,000. */
  readonly kilometres?: number | undefined
  /** How fast a user may travel, in kilometres per hour. Default 900; 1 to 100,000. */
  readonly kilometresPerHour?: number | undefined
}

/** The library's own rules, by the `reason` of their alerts. `false` turns one off. */
export interface AnomalyRulesOptions {
  /** Failed sign-ins from one network. Default: more than 5 within 300 seconds. */
  readonly failed_sign_ins?: CountRuleOptions | false | undefined
  /** The lockout locks an account. Default: on. */
  readonly account_locked?: RuleAlert | false | undefined
  /** Refreshes of one session. Default: more than 20 within 300 seconds. */
  readonly refresh_rate?: SessionCountRuleOptions | false | undefined
  /** Refreshes of one user. Default: more than 60 within 300 seconds. */
  readonly user_refresh_rate?: CountRuleOptions | false | undefined
  /** Networks that use one access token, or refresh one session. Default: more than 2 within 300 seconds. */
  readonly token_networks?: SessionCountRuleOptions | false | undefined
  /** Users who sign in from one network with one User-Agent. Default: more than 9 within 3,600 seconds. */
  readonly shared_device?: CountRuleOptions | false | undefined
  /** A user signs in from a browser and system that are new, or were not seen for `days`. Default: on, 90 days. */
  readonly new_device?: DaysRuleOptions | false | undefined
  /** A user signs in after more than `days`. Default: on, 90 days. */
  readonly long_silence?: DaysRuleOptions | false | undefined
  /**
   * A refresh is contested by two networks, or answers to refreshes are repeated to another network than the one that
   * refreshed. Default: every contested refresh, and more than 1 repeated answer within 3,600 seconds.
   */
  readonly contested_refresh?: SessionCountRuleOptions | false | undefined
  /** A refresh token was stolen, as the rotation finds. Default: on. */
  readonly token_theft?: RuleResponses | false | undefined
  /** Access tokens from one network that look forged. Default: more than 20 within 300 seconds. */
  readonly refused_tokens?: CountRuleOptions | false | undefined
  /** A user is at two places sooner than one can travel. Needs `locate`. Default: off. */
  readonly impossible_travel?: TravelRuleOptions | false | undefined
}

const DAY = 86_400
const MOST_SECONDS = 400 * DAY
const MOST_COUNTED = 63

const alerts = { alert: v.optional(boolean, true) }

/** What may follow where the event that is noticed names the session of whoever caused it. */
const responses = {
  ...alerts,
  revoke: v.optional(boolean, false),
  lock: v.optional(boolean, false),
  risk: v.optional(wholeNumber(0, 100), 0),
}

/** A group that `false` turns off. A union would not say which option of it is wrong. */
function unlessOff<T>(options: v.GenericSchema<unknown, T>): v.GenericSchema<unknown, T | false> {
  return v.lazy(
    (given): v.GenericSchema<unknown, T | false> => (given === false ? v.literal(false) : options),
  )
}

const counts = <Responses extends typeof alerts>(responses: Responses, most: number, windowSeconds: number) =>
  v.optional(
    unlessOff(
      group({
        ...responses,
        most: v.optional(wholeNumber(1, MOST_COUNTED), most),
        windowSeconds: v.optional(wholeNumber(1, DAY), windowSeconds),
      }),
    ),
    {},
  )

const remembers = v.optional(
  unlessOff(group({ ...responses, days: v.optional(wholeNumber(1, 399), 90) })),
  {},
)

export const rulesSchema: v.GenericSchema<object, RulesSettings> = group({
  failed_sign_ins: counts(alerts, 5, 300),
  account_locked: v.optional(unlessOff(group(alerts)), {}),
  refresh_rate: counts(responses, 20, 300),
  user_refresh_rate: counts(alerts, 60, 300),
  token_networks: counts(responses, 2, 300),
  shared_device: counts(alerts, 9, 3600),
  new_device: remembers,
  long_silence: remembers,
  contested_refresh: counts(responses, 1, 3600),
  token_theft: v.optional(unlessOff(group(responses)), {}),
  refused_tokens: counts(alerts, 20, 300),
  impossible_travel: v.optional(
    unlessOff(
      group({
        ...responses,
        locate: callable<Locate>('a function (ip) => { latitude, longitude }'),
        kilometres: v.optional(wholeNumber(1, 20_000), 1000),
        kilometresPerHour: v.optional(wholeNumber(1, 100_000), 900),
      }),
    ),
    false,
  ),
} satisfies Readonly<Record<keyof AnomalyRulesOptions, v.GenericSchema>>)

/** Does not compile if an event is missing. */
const OBSERVED = {
  ...{ 'session.started': true, 'session.refreshed': true, 'session.ended': true },
  ...{ 'login.failed': true, 'account.locked': true, 'password.changed': true },
  ...{ 'stepup.granted': true, 'session.bound': true },
  ...{ 'apikey.created': true, 'apikey.revoked': true },
  ...{ 'refresh.reused': true, 'refresh.mismatched': true, 'refresh.contested': true },
  ...{ 'device.changed': true },
  ...{ 'token.issued': true, 'token.accepted': true, 'token.refused': true, 'token.revoked': true },
  'request.refused': true,
  ...{ 'key.rotated': true, 'key.compromised': true },
  ...{ 'policy.permitted': true, 'policy.denied': true },
  ...{ 'decision.degraded': true, 'store.rollback': true, 'delivery.failed': true },
} satisfies Readonly<Record<ObservedEvent, true>>
export const observedEvents: readonly string[] = Object.keys(OBSERVED)

const nameMessage = '1 to 64 of a-z, 0-9 and _, beginning with a letter'
const eventsMessage = 'an array of names of events, such as ["login.failed"]'
const eventMessage = 'the name of an event other than "alert.raised"'
/** A rule that saw its own alerts would raise the next. */
const event = v.pipe(
  v.string(eventMessage),
  v.check((name) => name !== 'alert.raised', eventMessage),
)

/** A rule of the application. */
export const ownRule: v.GenericSchema<unknown, AnomalyRule> = v.pipe(
  group({
    ...{ alert: v.optional(boolean), revoke: v.optional(boolean), lock: v.optional(boolean) },
    risk: v.optional(wholeNumber(0, 100)),
    name: string(/^[a-z][a-z0-9_]{0,63}$/, nameMessage),
    events: v.pipe(distinctArray(event, eventsMessage), v.minLength(1, eventsMessage)),
    severity: v.optional(oneOf('notice', 'warning', 'critical')),
    windowSeconds: wholeNumber(1, MOST_SECONDS),
    most: wholeNumber(0, MOST_COUNTED + 1),
    quietSeconds: v.optional(wholeNumber(0, MOST_SECONDS)),
    observe: callable<AnomalyRule['observe']>('a function (event, circumstances) => observation'),
    judge: callable<AnomalyRule['judge']>('a function (seen, event) => finding'),
  } satisfies Readonly<Record<keyof AnomalyRule, v.GenericSchema>>),
  v.transform((rule) => rule as AnomalyRule),
)
