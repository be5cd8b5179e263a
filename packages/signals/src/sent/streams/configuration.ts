import { isDeepStrictEqual } from 'node:util'
import * as v from 'valibot'
import { endpointUrl } from '../../options/values.ts'
import { pollPath } from '../paths.ts'
import { deliveredBy, POLL_METHOD, PUSH_METHOD, type Stream } from '../stream.ts'
import type { ManagingReceiver } from './record.ts'
import type { Wanted } from './streams.ts'

export interface ConfigurationParts {
  readonly issuer: string
  /** The URL of a route, by its path. */
  readonly urlOf: (path: string) => string
  /** `undefined`: verifications are not counted. */
  readonly verificationSeconds: number | undefined
}

/**
 * The configuration of a stream, as its receiver reads it (SSF 1.0, section 8.1.1).
 *
 * @param hasCredentials whether it shows those that the receiver gave, without which it could not be written back
 */
export function configurationOf(
  stream: Stream,
  parts: ConfigurationParts,
  hasCredentials: boolean,
): Readonly<Record<string, unknown>> {
  const { id, audience, supported, requested, push, description } = stream
  const { issuer, urlOf, verificationSeconds } = parts
  const isShown = hasCredentials && stream.owner.kind === 'receiver' && push?.authorization !== undefined
  return {
    ...{ stream_id: id, iss: issuer, aud: audience },
    delivery:
      push === undefined
        ? { method: POLL_METHOD, endpoint_url: urlOf(pollPath(id)) }
        : {
            ...{ method: PUSH_METHOD, endpoint_url: push.url },
            ...(isShown && { authorization_header: push.authorization }),
          },
    events_supported: [...supported],
    events_requested: requested ?? [...supported],
    events_delivered: deliveredBy(stream),
    ...(verificationSeconds === undefined ? {} : { min_verification_interval: verificationSeconds }),
    ...(description === undefined ? {} : { description }),
  }
}

/** What a receiver says of a stream, and whatever else it sends. */
export interface Supplied {
  readonly events_requested?: readonly string[] | undefined
  readonly delivery?:
    | {
        readonly method: typeof PUSH_METHOD
        readonly endpoint_url: string
        readonly authorization_header?: string | undefined
      }
    | { readonly method: typeof POLL_METHOD; readonly endpoint_url?: string | undefined }
    | undefined
  readonly description?: string | undefined
  readonly [other: string]: unknown
}

const MAX_DESCRIPTION_CHARS = 255
const MOST_EVENTS = 100

const authorization = v.pipe(v.string(), v.regex(/^[\x20-\x7e]{1,1024}$/))
const delivery = v.variant('method', [
  v.looseObject({
    method: v.literal(PUSH_METHOD),
    endpoint_url: v.pipe(v.string(), v.maxLength(1000)),
    authorization_header: v.optional(authorization),
  }),
  v.looseObject({ method: v.literal(POLL_METHOD), endpoint_url: v.optional(v.string()) }),
])
const suppliedSchema: v.GenericSchema<unknown, Supplied> = v.looseObject({
  events_requested: v.optional(
    v.pipe(v.array(v.pipe(v.string(), v.maxLength(255))), v.maxLength(MOST_EVENTS)),
  ),
  delivery: v.optional(delivery),
  description: v.optional(v.string()),
})

export type Checked<T> =
  | { readonly kind: 'fine'; readonly value: T }
  | { readonly kind: 'wrong'; readonly say: string }

/** Reads what a receiver says of its stream. */
export function readSupplied(body: object): Checked<Supplied> {
  const parsed = v.safeParse(suppliedSchema, body)
  if (parsed.success) return { kind: 'fine', value: parsed.output }
  const [issue] = parsed.issues
  const allowed = issue.type === 'variant' ? `; the methods are ${PUSH_METHOD} and ${POLL_METHOD}` : ''
  return { kind: 'wrong', say: `wrong value of "${v.getDotPath(issue) ?? 'body'}"${allowed}` }
}

/**
 * What a receiver wants. A `delivery` that is missing is by poll (SSF 1.0, section 8.1.1.1), and unknown types of events are
 * remembered, and ignored.
 */
export function wantedBy(supplied: Supplied, { origins }: ManagingReceiver): Checked<Wanted> {
  const { events_requested: events, delivery: by, description } = supplied
  const wanted: Wanted = {
    ...(events === undefined ? {} : { events: [...new Set(events)] }),
    ...(description === undefined ? {} : { description: description.slice(0, MAX_DESCRIPTION_CHARS) }),
  }
  if (by === undefined || by.method === POLL_METHOD) return { kind: 'fine', value: wanted }
  const { endpoint_url: url, authorization_header: header } = by
  // It was given by somebody else, so it leads nowhere but where the operator allows.
  if (!v.is(endpointUrl, url) || !origins.has(new URL(url).origin))
    return { kind: 'wrong', say: '"delivery.endpoint_url" is not among the origins that the operator allows' }
  const push = { url, ...(header === undefined ? {} : { authorization: header }) }
  return { kind: 'fine', value: { ...wanted, push } }
}

const TRANSMITTER_SUPPLIED = [
  ...(['iss', 'aud', 'events_supported', 'events_delivered'] as const),
  ...(['min_verification_interval', 'inactivity_timeout'] as const),
]

/** The first property of the transmitter's own that a request has wrong (sections 8.1.1.3 and 8.1.1.4). */
export function wrongProperty(body: Supplied, stream: Stream, parts: ConfigurationParts): string | undefined {
  const given: Readonly<Record<string, unknown>> = body
  const known: Readonly<Record<string, unknown>> = configurationOf(stream, parts, false)
  const wrong = TRANSMITTER_SUPPLIED.find(
    (name) => given[name] !== undefined && !isDeepStrictEqual(given[name], known[name]),
  )
  if (wrong !== undefined) return wrong
  const { delivery: by } = body
  const isElsewhere =
    by?.method === POLL_METHOD &&
    by.endpoint_url !== undefined &&
    by.endpoint_url !== parts.urlOf(pollPath(stream.id))
  return isElsewhere ? 'delivery.endpoint_url' : undefined
}
