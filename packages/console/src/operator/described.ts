import type {
  JsonSchema,
  Operation,
  OperationAnswer,
  OperationParameter,
  Operations,
} from '@sallyport/core/adapter'

const tag = 'Operators'
const text = { type: 'string' } as const
const textOrNull = { type: ['string', 'null'] } as const
const perMinute = { type: 'array', items: { type: 'integer' }, minItems: 60, maxItems: 60 } as const

function object(
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[] = Object.keys(properties),
): JsonSchema {
  return { type: 'object', properties, required, additionalProperties: false }
}

function answer(description: string, schema: JsonSchema): Operation['answers'] {
  const told: OperationAnswer = { description, content: { 'application/json': schema } }
  return { 200: told }
}

const keys: JsonSchema = {
  type: 'array',
  items: object(
    {
      ...{ kid: text, alg: text, state: text, created_at: textOrNull, next: text },
      age_seconds: { type: ['integer', 'null'] },
    },
    ['kid', 'alg', 'state', 'created_at', 'age_seconds'],
  ),
}
const session = {
  ...{ sid: text, sub: text, device: text, ip: textOrNull },
  ...{ started_at: textOrNull, last_seen_at: text },
} as const
const sessions: JsonSchema = object(
  { sessions: { type: 'array', items: object(session) }, more: { const: true } },
  ['sessions'],
)
const subject: OperationParameter = { in: 'path', name: 'subject', description: 'The `sub` of a user.' }

/** What the operator's page asks for, by path. */
export function operationsFor(scope: string): Readonly<Record<string, Operations>> {
  const about = { tag, scopes: [scope] }
  return {
    '/api/overview': {
      GET: {
        ...{ ...about, id: 'operatorOverview', summary: 'What happened in this process in the last hour' },
        answers: answer(
          'Counts for each minute, the latest last, and the keys.',
          object({
            ...{ since: text, process: text, keys },
            counts: object({
              sign_ins: perMinute,
              refreshes: perMinute,
              refusals: perMinute,
              alerts: perMinute,
            }),
            ...{ sessions_in_use: { type: 'integer' }, revocations: { type: 'integer' } },
          }),
        ),
      },
    },
    '/api/events': {
      GET: {
        ...{ ...about, id: 'operatorEvents', summary: 'Follow the events of this process' },
        answers: {
          200: {
            description: 'A stream of `event: told` and `event: alert`, which ends with `event: end`.',
            content: { 'text/event-stream': text },
          },
        },
        refusals: ['streams_limited'],
      },
    },
    '/api/sessions': {
      GET: {
        ...{ ...about, id: 'operatorSessions', summary: 'List the sessions that this process saw lately' },
        answers: answer('The sessions, the one that was used last first.', sessions),
      },
    },
    '/api/sessions/:id': {
      DELETE: {
        ...{ ...about, id: 'operatorEndSession', summary: 'End a session' },
        parameters: [{ in: 'path', name: 'id', description: 'Its `sid`.' }],
        answers: { 204: { description: 'It has ended.' } },
        refusals: ['session_unknown'],
      },
    },
    '/api/users/:subject/sessions': {
      GET: {
        ...{ ...about, id: 'operatorUserSessions', summary: 'List the sessions of a user' },
        parameters: [subject],
        answers: answer('The sessions.', sessions),
        refusals: ['route_unknown'],
      },
    },
    '/api/users/:subject/revoke': {
      POST: {
        ...{ ...about, id: 'operatorRevokeUser', summary: 'End every session of a user' },
        parameters: [subject],
        answers: answer('How many have ended.', object({ ended: { type: 'integer' } })),
        refusals: ['route_unknown'],
      },
    },
    '/api/keys/rotate': {
      POST: {
        ...{ ...about, id: 'operatorRotateKey', summary: 'Begin to sign with another key' },
        answers: answer('The keys.', object({ keys })),
        refusals: [{ status: 409, error: 'keys_given', description: 'the keys are given by the options' }],
      },
    },
    '/api/keys/:kid/compromise': {
      POST: {
        ...{ ...about, id: 'operatorCompromiseKey', summary: 'Take a key out of use at once' },
        parameters: [{ in: 'path', name: 'kid', description: 'The name of the key.' }],
        answers: answer('The keys.', object({ keys })),
        refusals: ['route_unknown'],
      },
    },
  }
}
