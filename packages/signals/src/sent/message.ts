import type { OutboxMessage, StatementContent } from '@sallyport/core/adapter'
import * as v from 'valibot'
import { CREDENTIAL_CHANGE, SESSION_REVOKED, STREAM_UPDATED, VERIFICATION } from '../events.ts'
import { object } from '../shapes.ts'
import type { Stream } from './stream.ts'

/** The store puts a message of this kind into the outbox in the step that ends a session. */
const SESSION_ENDED = 'session-ended'
/** All that is sent otherwise. */
export const SIGNAL = 'signal'
export const KINDS: ReadonlySet<string> = new Set([SESSION_ENDED, SIGNAL])

/** The body of a message of the kind {@link SIGNAL}. */
export interface SignalBody {
  /** The URI of the type of the event. */
  readonly type: string
  readonly claims: Readonly<Record<string, unknown>>
  /** The stream that it is for, and about. Without it, it is about the subject of the message, and for every stream. */
  readonly stream?: string | undefined
  /** Tells the message from others that tell the same stream of its status. */
  readonly update?: string | undefined
}

const bodySchema = v.object({
  type: v.string(),
  claims: object,
  stream: v.optional(v.string()),
  update: v.optional(v.string()),
})

/**
 * What the token says by which a message reaches a stream. A repetition says the same, `jti` included. Several streams have
 * tokens of different names for one message, because they say it to different people.
 *
 * @param issuer of this deployment
 */
export function contentOf(
  message: OutboxMessage,
  { type, claims, stream: id }: SignalBody,
  stream: Stream,
  issuer: string,
): StatementContent & { readonly jti: string } {
  return {
    jti: jtiOf(message, stream),
    aud: stream.audience,
    txn: message.id,
    sub_id: id === undefined ? subjectOf(message, issuer) : { format: 'opaque', id },
    events: { [type]: { ...defaultsOf(type, message), ...claims } },
  }
}

/** The reason that an event has if none is given, which the interoperability profile wants to be there (section 3). */
const REASONS: ReadonlyMap<string, string> = new Map([
  [SESSION_REVOKED, 'The session ended'],
  [CREDENTIAL_CHANGE, 'A credential changed'],
])

/** What an event says of itself, unless it is about the stream. */
function defaultsOf(type: string, { at }: OutboxMessage): object {
  if (type === VERIFICATION || type === STREAM_UPDATED) return {}
  const reason = REASONS.get(type)
  return { event_timestamp: seconds(at), ...(reason !== undefined && { reason_admin: { en: reason } }) }
}

/** What a message says; `undefined` if it is not one of ours. */
export function saidBy({ kind, body }: OutboxMessage): SignalBody | undefined {
  // The store does not know the reason.
  if (kind === SESSION_ENDED) return { type: SESSION_REVOKED, claims: {} }
  try {
    const said = JSON.parse(body)
    return v.is(bodySchema, said) ? said : undefined
  } catch {
    return undefined
  }
}

function subjectOf({ subject, session }: OutboxMessage, issuer: string): object {
  const user = subject === undefined ? undefined : { format: 'iss_sub', iss: issuer, sub: subject }
  if (session === undefined && user !== undefined) return user
  return { format: 'complex', ...(user && { user }), session: { format: 'opaque', id: session } }
}

const SEPARATOR = '.'

function jtiOf({ id }: OutboxMessage, stream: Pick<Stream, 'id'>): string {
  return `${stream.id}${SEPARATOR}${id}`
}

/** The id of the message behind a `jti` of this stream; `undefined` if it is none. */
export function messageOf(jti: string, stream: Pick<Stream, 'id'>): string | undefined {
  const start = stream.id + SEPARATOR
  return jti.startsWith(start) ? jti.slice(start.length) : undefined
}

function seconds(at: number): number {
  return Math.floor(at / 1000)
}
