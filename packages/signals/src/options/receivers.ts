import { createHash } from 'node:crypto'
import { ConfigError, describeValue, schema } from '@sallyport/core/sink'
import * as v from 'valibot'
import { CREDENTIAL_CHANGE, SESSION_REVOKED } from '../events.ts'
import type { PushEndpoint, Stream } from '../sent/stream.ts'
import type { ManagingReceiver } from '../sent/streams/record.ts'
import { endpointUrl, headerValue } from './values.ts'

/** Somebody to whom signals are sent. */
export interface ReceiverOptions {
  /** The `aud` of its tokens. */
  readonly audience: string | readonly string[]
  /**
   * Names its stream, or the receiver if it sets up streams of its own: 1 to 64 characters of `A-Z a-z 0-9 - _`. Under another
   * name it begins anew. Default: a hash of `audience`.
   */
  readonly name?: string | undefined
  /** Where its tokens are pushed (RFC 8935). Default: it comes and asks (RFC 8936), for which `reader` must be set. */
  readonly push?: PushOptions | undefined
  /** The URIs of the types of events that it gets, or may ask for. Default: `session-revoked` and `credential-change` of CAEP. */
  readonly events?: readonly string[] | undefined
  /**
   * The subject whose access token or API key, with the scope `ssf.manage` (or `ssf.read`, where nothing changes), reads the
   * stream, has it verified, and polls. Default: nobody's.
   */
  readonly reader?: string | undefined
  /**
   * Lets the receiver set up streams of its own (SSF 1.0, section 8.1), for which `reader` must be set, and `push` left out.
   * Needs a store with the optional member `documents`. Default: it has the one stream that these options describe.
   */
  readonly streams?: StreamsOptions | undefined
}

/** What a receiver may set up. */
export interface StreamsOptions {
  /**
   * The origins at which its streams may be pushed to, such as `https://receiver.example.com`: https, or http on loopback.
   * Redirects are not followed. Default: none, so that it polls.
   */
  readonly origins?: readonly string[] | undefined
  /** The most streams that it may have at once. Default 1; 1 to 10. */
  readonly most?: number | undefined
}

export interface PushOptions {
  /** The URL: https, or http on loopback. Redirects are not followed. */
  readonly url: string
  /** The value of the `Authorization` header: 1 to 1024 printable ASCII characters. Default: there is none. */
  readonly authorization?: string | undefined
  /** How long the receiver may take to answer, in milliseconds. Default 3000; 100 to 30,000. */
  readonly timeoutMs?: number | undefined
}

const { audience, custom, distinctArray, filledArray, group, optional, string, wholeNumber } = schema

const origin = custom<string>(
  (given) => typeof given === 'string' && v.is(endpointUrl, given) && new URL(given).origin === given,
  'an origin such as "https://receiver.example.com" (http on loopback)',
)
const pushSchema = group({
  url: endpointUrl,
  authorization: optional(headerValue),
  timeoutMs: optional(wholeNumber(100, 30_000), 3000),
})

/** A receiver that passed the schema. */
export interface ParsedReceiver {
  readonly audience: string | readonly string[]
  readonly name?: string | undefined
  readonly push?: PushEndpoint | undefined
  readonly events?: readonly string[] | undefined
  readonly reader?: string | undefined
  readonly streams?: { readonly origins: readonly string[]; readonly most: number } | undefined
}

export const receiverSchema: v.GenericSchema<object, ParsedReceiver> = group({
  audience,
  name: optional(string(/^[\w-]{1,64}$/, '1 to 64 characters of A-Z a-z 0-9 - _')),
  push: optional(pushSchema),
  events: optional(
    filledArray(string(/^[\x21-\x7e]{1,255}$/, 'the URI of a type of events'), 'an array of URIs'),
  ),
  reader: optional(string(/^.{1,255}$/s, 'a subject of 1 to 255 characters')),
  streams: optional(
    group({
      origins: optional(distinctArray(origin, 'an array of origins'), []),
      most: optional(wholeNumber(1, 10), 1),
    }),
  ),
})
const DEFAULT_EVENTS = [SESSION_REVOKED, CREDENTIAL_CHANGE]

export interface ReceiverSettings {
  /** Those that the options describe. */
  readonly streams: readonly Stream[]
  /** Those who set up their own. */
  readonly receivers: readonly ManagingReceiver[]
}

/** Throws a `ConfigError` for receivers that do not go together. */
export function receiverSettings(parsed: readonly ParsedReceiver[], path: string): ReceiverSettings {
  const named = parsed.map((one) => ({ ...one, name: one.name ?? nameOf(one.audience) }))
  refuseTwice(
    named.map(({ name }) => name),
    `${path}`,
    'name',
  )
  const managing = named.map(({ streams, reader }) => (streams === undefined ? undefined : reader))
  refuseTwice(managing, path, 'reader')
  const streams: Stream[] = []
  const receivers: ManagingReceiver[] = []
  for (const [index, one] of named.entries()) {
    if (one.streams === undefined) streams.push(configuredStream(one, `${path}.${index}`))
    else receivers.push(managingReceiver(one, one.streams, `${path}.${index}`))
  }
  return { streams, receivers }
}

type Named = ParsedReceiver & { readonly name: string }

function configuredStream({ name, audience, push, events, reader }: Named, path: string): Stream {
  if (push === undefined && reader === undefined)
    throw new ConfigError(`${path}.push`, {
      sentence: `"${path}" is nobody to whom anything could be sent: give "push", or "reader" for a receiver that polls`,
    })
  return {
    ...{ id: name, audience, supported: new Set(events ?? DEFAULT_EVENTS), requested: undefined },
    ...{
      description: undefined,
      status: 'enabled',
      reason: undefined,
      since: 0,
      isUntold: false,
      update: undefined,
    },
    push,
    owner: { kind: 'configured', reader },
  }
}

function managingReceiver(
  { name, audience, push, events, reader }: Named,
  { origins, most }: NonNullable<ParsedReceiver['streams']>,
  path: string,
): ManagingReceiver {
  if (reader === undefined)
    throw new ConfigError(`${path}.reader`, {
      sentence: `"${path}.reader" is required: give the subject whose token sets up the streams`,
    })
  if (push !== undefined)
    throw new ConfigError(`${path}.push`, {
      sentence: `"${path}" has "push" and "streams": a receiver that sets up streams says itself where it is pushed to`,
    })
  return {
    name,
    audience,
    supported: new Set(events ?? DEFAULT_EVENTS),
    reader,
    origins: new Set(origins),
    most,
  }
}

function refuseTwice(values: readonly (string | undefined)[], path: string, option: string): void {
  for (const [index, value] of values.entries())
    if (value !== undefined && values.indexOf(value) < index)
      throw new ConfigError(`${path}.${index}.${option}`, 'different from the others', describeValue(value))
}

const NAME_CHARS = 22

function nameOf(audience: string | readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(audience)).digest('base64url').slice(0, NAME_CHARS)
}
