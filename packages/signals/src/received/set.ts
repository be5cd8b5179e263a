import * as v from 'valibot'
import { type Effect, effectOf } from '../events.ts'
import { object, recordOf } from '../shapes.ts'
import { readSubject, type Subject } from './subject.ts'

/** One event of a security event token, of a type that is known. */
export interface ReceivedEvent {
  /** The URI of its type. */
  readonly type: string
  readonly effect: Effect
  readonly claims: Readonly<Record<string, unknown>>
  /** What it is about; `undefined` for an event that says so nowhere, which must have no effect. */
  readonly subject: Subject | undefined
  /** When it happened, in seconds since the epoch, if the token says so. */
  readonly happenedAt: number | undefined
}

/** What a genuine security event token says. */
export interface ReceivedSet {
  readonly jti: string
  /** Seconds since the epoch. */
  readonly issuedAt: number
  readonly txn: string | undefined
  /** The events that are known; those that are not are left out. */
  readonly events: readonly ReceivedEvent[]
}

export type SetReading =
  | { readonly kind: 'read'; readonly set: ReceivedSet }
  /** `say` is a clause about the token. */
  | { readonly kind: 'malformed'; readonly say: string }

/** What is greater is in milliseconds, which Okta has where CAEP (section 2) has seconds. */
const MOST_SECONDS = 100_000_000_000

const instant = v.pipe(v.number(), v.finite(), v.minValue(0))
const setSchema = v.looseObject({
  jti: v.pipe(v.string(), v.minLength(1), v.maxLength(255)),
  iat: instant,
  toe: v.optional(instant),
  txn: v.optional(v.string()),
  sub_id: v.optional(object),
  events: recordOf(object),
})
const eventSchema = v.looseObject({ event_timestamp: v.optional(instant), subject: v.optional(object) })

/**
 * Reads the claims of a security event token (RFC 8417, section 2.2; SSF 1.0, section 4.1), which must have been verified
 * and be no access token: one with `sub` is refused.
 */
export function readSet(claims: Readonly<Record<string, unknown>>): SetReading {
  if (!v.is(setSchema, claims))
    return malformed('lacks jti, iat or events, or one of its claims is malformed')
  if (claims.sub !== undefined) return malformed('has the claim sub, which shared signals must not have')
  const { jti, iat: issuedAt, toe, txn, sub_id: subId } = claims
  const types = Object.keys(claims.events)
  if (types.length === 0) return malformed('has no event')
  const main = subId && readSubject(subId)
  if (subId !== undefined && main === undefined) return malformed('has a malformed sub_id')
  const events: ReceivedEvent[] = []
  for (const type of types) {
    const event = claims.events[type]
    const effect = effectOf(type)
    if (effect === undefined) continue
    if (!v.is(eventSchema, event)) return malformed('has a malformed event')
    const subject = main ?? (event.subject && readSubject(event.subject))
    if (subject === undefined && (event.subject !== undefined || effect !== 'none'))
      return malformed('does not say whom it is about')
    const happenedAt = secondsOf(event.event_timestamp ?? toe)
    events.push({ type, effect, claims: event, subject, happenedAt })
  }
  return { kind: 'read', set: { jti, issuedAt, txn, events } }
}

function secondsOf(instant: number | undefined): number | undefined {
  return instant !== undefined && instant > MOST_SECONDS ? Math.floor(instant / 1000) : instant
}

function malformed(say: string): SetReading {
  return { kind: 'malformed', say: `the token ${say}` }
}
