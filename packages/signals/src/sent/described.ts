import type { JsonSchema, OperationParameter, OperationRefusal, Operations } from '@sallyport/core/adapter'
import { described } from './refusals.ts'

const tag = 'Shared signals'
const JSON_TYPE = 'application/json'
const read = { tag, credentials: ['bearer'], scopes: ['ssf.read'] } as const
const manage = { tag, credentials: ['bearer'], scopes: ['ssf.manage'] } as const
const EITHER = 'The scope `ssf.manage` will do as well.'
const text = { type: 'string' } as const

const streamId: OperationParameter = {
  in: 'query',
  name: 'stream_id',
  description: 'A stream of the caller.',
}
const configuration: JsonSchema = {
  type: 'object',
  properties: { stream_id: text, iss: text, delivery: { type: 'object' } },
  required: ['stream_id', 'iss', 'aud', 'delivery', 'events_delivered'],
}
const supplied = {
  events_requested: { type: 'array', items: text, maxItems: 100 },
  delivery: {
    type: 'object',
    properties: { method: text, endpoint_url: text, authorization_header: text },
    required: ['method'],
  },
  description: text,
} as const
const status: JsonSchema = {
  type: 'object',
  properties: { stream_id: text, status: { enum: ['enabled', 'paused', 'disabled'] }, reason: text },
  required: ['stream_id', 'status'],
}
/** Such as a property that the transmitter has otherwise. */
const wrong = {
  ...{ status: 400, error: 'invalid_request', description: '"stream_id" is required', varies: true },
} as const
const ofBody = ['body_malformed', 'body_type', 'route_unknown'] as const
const changed = {
  ...manage,
  body: {
    [JSON_TYPE]: {
      type: 'object',
      properties: { stream_id: text, ...supplied },
      required: ['stream_id'],
    },
  },
  answers: { 200: { description: 'The configuration.', content: { [JSON_TYPE]: configuration } } },
  refusals: [...ofBody, wrong, described('stream_configured')] as readonly OperationRefusal[],
} as const

/** SSF 1.0, section 8.1.1. */
export const configurationOperations: Operations = {
  GET: {
    ...{ ...read, id: 'readStreams', summary: 'Read the configuration of streams' },
    description: EITHER,
    parameters: [{ ...streamId, description: 'One of them. Default: all streams of the caller.' }],
    answers: {
      200: {
        description: 'The configuration.',
        content: { [JSON_TYPE]: { anyOf: [configuration, { type: 'array', items: configuration }] } },
      },
    },
    refusals: ['route_unknown'],
  },
  POST: {
    ...{ ...manage, id: 'createStream', summary: 'Create a stream' },
    description: 'For receivers that the operator lets set up streams.',
    body: { [JSON_TYPE]: { type: 'object', properties: supplied } },
    answers: { 201: { description: 'The configuration.', content: { [JSON_TYPE]: configuration } } },
    refusals: [
      ...(['body_malformed', 'body_type'] as const),
      { ...wrong, description: 'wrong value of "delivery"' },
      ...[described('stream_exists'), described('streams_configured'), described('no_receiver')],
    ],
  },
  PATCH: { ...changed, id: 'updateStream', summary: 'Change some of what a stream is' },
  PUT: { ...changed, id: 'replaceStream', summary: 'Change all of what a stream is' },
  DELETE: {
    ...{ ...manage, id: 'deleteStream', summary: 'Delete a stream' },
    parameters: [{ ...streamId, required: true }],
    answers: { 204: { description: 'It is deleted.' } },
    refusals: ['route_unknown', described('stream_configured')],
  },
}

/** SSF 1.0, section 8.1.2. */
export const statusOperations: Operations = {
  GET: {
    ...{ ...read, id: 'readStreamStatus', summary: 'Read the status of a stream' },
    description: EITHER,
    parameters: [{ ...streamId, required: true }],
    answers: { 200: { description: 'The status.', content: { [JSON_TYPE]: status } } },
    refusals: ['route_unknown'],
  },
  POST: {
    ...{ ...manage, id: 'changeStreamStatus', summary: 'Change the status of a stream' },
    description: 'A stream that the operator set up is always enabled.',
    body: { [JSON_TYPE]: status },
    answers: { 200: { description: 'The status.', content: { [JSON_TYPE]: status } } },
    refusals: [...ofBody, described('stream_configured')],
  },
}

const subjectOperation = {
  ...manage,
  body: {
    [JSON_TYPE]: {
      type: 'object',
      properties: { stream_id: text, subject: { type: 'object' }, verified: { type: 'boolean' } },
      required: ['stream_id', 'subject'],
    },
  },
  refusals: [
    ...ofBody,
    ...(['stream_configured', 'subject_unknown', 'subjects_full'] as const).map(described),
  ],
} as const

/** SSF 1.0, section 8.1.3. */
export const subjectOperations: Readonly<Record<'add' | 'remove', Operations>> = {
  add: {
    POST: {
      ...{ ...subjectOperation, id: 'addSubject', summary: 'Ask for the events about a user' },
      answers: { 200: { description: 'It is noted.' } },
    },
  },
  remove: {
    POST: {
      ...{ ...subjectOperation, id: 'removeSubject', summary: 'Ask for no more events about a user' },
      answers: { 204: { description: 'It is noted.' } },
    },
  },
}

/** SSF 1.0, section 8.1.4. */
export const verificationOperations: Operations = {
  POST: {
    ...{ ...manage, id: 'verifyStream', summary: 'Ask for a verification event' },
    body: {
      [JSON_TYPE]: {
        type: 'object',
        properties: { stream_id: text, state: { ...text, maxLength: 1000 } },
        required: ['stream_id'],
      },
    },
    answers: { 204: { description: 'It is on its way.' } },
    refusals: [...ofBody, described('verified_lately')],
  },
}

/** RFC 8936, section 2. */
export const pollOperations: Operations = {
  POST: {
    ...{ ...manage, id: 'pollStream', summary: 'Ask for security event tokens, and acknowledge them' },
    description: 'RFC 8936.',
    body: {
      [JSON_TYPE]: {
        type: 'object',
        properties: {
          maxEvents: { type: 'integer', minimum: 0, default: 100 },
          returnImmediately: { type: 'boolean', default: false },
          ack: { type: 'array', items: text, maxItems: 1000 },
          setErrs: { type: 'object', additionalProperties: { type: 'object', required: ['err'] } },
        },
      },
    },
    answers: {
      200: {
        description: 'Tokens, by their `jti`.',
        content: {
          [JSON_TYPE]: {
            type: 'object',
            properties: {
              sets: { type: 'object', additionalProperties: text },
              moreAvailable: { const: true },
            },
            required: ['sets'],
            additionalProperties: false,
          },
        },
      },
    },
    refusals: ['body_malformed', 'body_type', 'route_unknown', 'key_unavailable'],
  },
}

/** SSF 1.0, section 7. */
export const wellKnownOperations: Operations = {
  GET: {
    ...{ tag, id: 'transmitterMetadata', summary: 'What receivers need to know' },
    parameters: [
      { in: 'header', name: 'If-None-Match', description: 'The ETag of what the client has already.' },
    ],
    answers: {
      200: {
        description: 'The metadata.',
        content: { [JSON_TYPE]: { type: 'object', required: ['issuer', 'jwks_uri'] } },
        headers: { ETag: 'Its version.' },
      },
      304: { description: 'The client has it already.', headers: { ETag: 'Its version.' } },
    },
  },
}
