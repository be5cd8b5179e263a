import * as v from 'valibot'
import { ConfigError, choices, describeValue } from '../../errors.ts'
import { secureUrl } from '../../issuers/secure-url.ts'
import type { OnAlert } from '../../watch/alerts/alert.ts'
import type { AnomaliesSettings } from '../../watch/rules/index.ts'
import type { AnomalyRule } from '../../watch/rules/rule.ts'
import { callable, type Entries, group, type Room, room, wholeNumber } from '../values/schema.ts'
import { type AnomalyRulesOptions, observedEvents, ownRule, rulesSchema } from './rules.ts'

/** How the pattern of a stolen token or a guessed password is found. */
export interface WithAnomalies {
  /**
   * Looks for anomalies in events, over all processes, by the library's own rules and yours. `{}` takes all defaults.
   * Default: nothing is looked for, and nothing is kept.
   */
  readonly anomalies?: AnomaliesOptions | undefined
}

export interface AnomaliesOptions {
  /** The library's own rules. Default: all of them, except `impossible_travel`, which needs `locate`. */
  readonly rules?: AnomalyRulesOptions | undefined
  /** Rules of yours. Default: none. */
  readonly own?: readonly AnomalyRule[] | undefined
  /** Called for every alert, on the process that raised it. Default: nobody is told; the event `alert.raised` tells it. */
  readonly onAlert?: OnAlert | undefined
  /** Where every alert is sent. Default: nowhere. */
  readonly webhook?: WebhookOptions | undefined
}

/**
 * A server that takes alerts as POST requests, which are signed as [Standard
 * Webhooks](https://www.standardwebhooks.com) says.
 */
export interface WebhookOptions {
  /** An https URL (http on loopback). Redirects are not followed. */
  readonly url: string
  /** By which requests are signed: 24 to 64 bytes in base64, with or without `whsec_` before it. */
  readonly secret: string
  /** How long one request may take, in milliseconds. Default 5000; 100 to 30,000. */
  readonly timeoutMs?: number | undefined
}

export interface AnomaliesRoomSettings {
  /** `undefined`: nothing is looked for. */
  readonly anomalies: AnomaliesSettings | undefined
}

const urlMessage = 'an https URL without user, password and fragment (http on loopback)'
const secretMessage = '24 to 64 bytes in base64, with or without "whsec_" before it'
const SECRET = /^(?:whsec_)?([A-Za-z0-9+/]+={0,2})$/
const MIN_SECRET_BYTES = 24
const MAX_SECRET_BYTES = 64

const webhookSchema = v.pipe(
  group({
    url: v.pipe(
      v.string(urlMessage),
      v.check((given) => secureUrl(given) !== undefined, urlMessage),
    ),
    secret: v.pipe(
      v.string(secretMessage),
      v.regex(SECRET, secretMessage),
      v.transform((given) => new Uint8Array(Buffer.from(SECRET.exec(given)?.[1] ?? '', 'base64'))),
      v.check(({ length }) => length >= MIN_SECRET_BYTES && length <= MAX_SECRET_BYTES, secretMessage),
    ),
    timeoutMs: v.optional(wholeNumber(100, 30_000), 5000),
  }),
  v.transform(({ secret: key, ...rest }) => ({ ...rest, key })),
)

const entries = {
  anomalies: v.optional(
    group({
      rules: v.optional(rulesSchema, {}),
      own: v.optional(v.array(ownRule, 'an array of rules'), []),
      onAlert: v.optional(callable<OnAlert>('a function')),
      webhook: v.optional(webhookSchema),
    }),
  ),
} satisfies Entries<WithAnomalies>

/** The path of a URL may be as secret as the secret itself, which may have been given in place of all options. */
const mayShow = (path: string): boolean => path !== 'anomalies' && !path.startsWith('anomalies.webhook')

export const anomaliesRoom: Room<AnomaliesRoomSettings> = room(
  entries,
  ({ anomalies }) => {
    if (anomalies === undefined) return { anomalies }
    const { rules, own, onAlert, webhook } = anomalies
    refuseEqualNames(Object.keys(rules), own)
    refuseUnknownEvents(own)
    return { anomalies: { rules, own, onAlert, webhook } }
  },
  { mayShow },
)

/** Two rules of one name would share what they have seen. */
function refuseEqualNames(names: readonly string[], own: readonly AnomalyRule[]): void {
  for (const [index, { name }] of own.entries())
    if (names.includes(name) || own.findIndex((other) => other.name === name) < index)
      throw new ConfigError(
        `anomalies.own.${index}.name`,
        'different from the names of all other rules',
        describeValue(name),
      )
}

/** A rule for an event that never happens would find nothing, and nobody would know. */
function refuseUnknownEvents(own: readonly AnomalyRule[]): void {
  for (const [index, { events }] of own.entries())
    for (const [nth, name] of events.entries())
      if (!observedEvents.includes(name))
        throw new ConfigError(`anomalies.own.${index}.events.${nth}`, {
          sentence: `unknown event ${describeValue(name)}${choices(name, observedEvents)}`,
        })
}
