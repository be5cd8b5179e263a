import { createHash } from 'node:crypto'
import { ConfigError, describeValue, schema } from '@sallyport/core/sink'
import { CREDENTIAL_CHANGE, SESSION_REVOKED } from '../events.ts'
import type { Stream } from '../sent/stream.ts'
import { endpointUrl, headerValue, mayShow } from './values.ts'

/** To whom signals are sent. Needs the option `outbox` of `createSallyport`, which keeps them until they have arrived. */
export interface SendOptions {
  /** Who gets them. */
  readonly receivers: readonly ReceiverOptions[]
  /** Where you mount `transmitter`, as the metadata tells it. Default `/auth`. */
  readonly path?: string | undefined
  /** Whether each event `password.changed` is sent as a `credential-change`. Default true. */
  readonly passwordChanges?: boolean | undefined
}

/** Somebody to whom signals are sent. */
export interface ReceiverOptions {
  /** The `aud` of its tokens. */
  readonly audience: string | readonly string[]
  /**
   * Names its stream: 1 to 64 characters of `A-Z a-z 0-9 - _`. A receiver under another name begins anew. Default: a hash of
   * `audience`.
   */
  readonly name?: string | undefined
  /** Where its tokens are pushed (RFC 8935). Default: it comes and asks (RFC 8936), for which `reader` must be set. */
  readonly push?: PushOptions | undefined
  /** The URIs of the types of events that it gets. Default: `session-revoked` and `credential-change` of CAEP. */
  readonly events?: readonly string[] | undefined
  /**
   * The subject whose access token or API key, with the scope `ssf.manage` (or `ssf.read`, where nothing changes), reads the
   * stream, has it verified, and polls. Default: nobody's.
   */
  readonly reader?: string | undefined
}

export interface PushOptions {
  /** The URL: https, or http on loopback. Redirects are not followed. */
  readonly url: string
  /** The value of the `Authorization` header: 1 to 1024 printable ASCII characters. Default: there is none. */
  readonly authorization?: string | undefined
  /** How long the receiver may take to answer, in milliseconds. Default 3000; 100 to 30,000. */
  readonly timeoutMs?: number | undefined
}

export interface SendSettings {
  readonly streams: readonly Stream[]
  readonly path: string
  readonly passwordChanges: boolean
}

const { audience, boolean, distinctArray, filledArray, group, optional, parse, string, wholeNumber } = schema

const receiver = group({
  audience,
  name: optional(string(/^[\w-]{1,64}$/, '1 to 64 characters of A-Z a-z 0-9 - _')),
  push: optional(
    group({
      url: endpointUrl,
      authorization: optional(headerValue),
      timeoutMs: optional(wholeNumber(100, 30_000), 3000),
    }),
  ),
  events: optional(
    filledArray(string(/^[\x21-\x7e]{1,255}$/, 'the URI of a type of events'), 'an array of URIs'),
  ),
  reader: optional(string(/^.{1,255}$/s, 'a subject of 1 to 255 characters')),
})
const sendSchema = group({
  receivers: distinctArray(receiver, 'an array of receivers'),
  path: optional(string(/^(\/[A-Za-z0-9._~-]+)*$/, 'a path such as "/auth", or an empty string'), '/auth'),
  passwordChanges: optional(boolean, true),
})

const DEFAULT_EVENTS = [SESSION_REVOKED, CREDENTIAL_CHANGE]

export function sendSettings(given: SendOptions): SendSettings {
  const { receivers, path, passwordChanges } = parse(sendSchema, given, { path: 'signals.send', mayShow })
  const streams = receivers.map(({ audience, name, push, events, reader }, index): Stream => {
    if (push === undefined && reader === undefined)
      throw new ConfigError(`signals.send.receivers.${index}.push`, {
        sentence: `"signals.send.receivers.${index}" is nobody to whom anything could be sent: give "push", or "reader" for a receiver that polls`,
      })
    return {
      id: name ?? nameOf(audience),
      audience,
      events: new Set(events ?? DEFAULT_EVENTS),
      push: push && {
        url: push.url,
        authorization: push.authorization,
        timeoutMs: push.timeoutMs,
      },
      reader,
    }
  })
  for (const [index, { id }] of streams.entries())
    if (streams.findIndex((other) => other.id === id) < index)
      throw new ConfigError(
        `signals.send.receivers.${index}.name`,
        'different from the others',
        describeValue(id),
      )
  return { streams, path, passwordChanges }
}

const NAME_CHARS = 22

function nameOf(audience: string | readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(audience)).digest('base64url').slice(0, NAME_CHARS)
}
