import type { JsonSchema, OperationContent, OperationRefusal, Operations } from '@sallyport/core/adapter'
import { badBody, FORM_TYPE, json } from './shared.ts'

const tag = 'OAuth clients'

function formWith(properties: Readonly<Record<string, JsonSchema>>): OperationContent {
  const [required] = Object.keys(properties)
  return {
    [FORM_TYPE]: {
      type: 'object',
      properties: {
        ...properties,
        token_type_hint: { type: 'string', description: 'Not needed: every token says what it is.' },
        client_id: { type: 'string' },
        client_secret: { type: 'string', description: 'Instead of HTTP Basic.' },
        client_assertion_type: { type: 'string' },
        client_assertion: { type: 'string', description: 'A JWT (RFC 7523), instead of a secret.' },
      },
      required: [required],
    },
  }
}

const refusals = [
  ...badBody,
  ...(['authorization_repeated', 'client_methods_mixed', 'client_unauthorized'] as const),
  ...(['client_unauthenticated', 'clients_limited', 'signatures_limited'] as const),
  ...(['client_keys_unavailable', 'store_unavailable'] as const),
] satisfies readonly OperationRefusal[]

export const introspect: Operations = {
  POST: {
    ...{ id: 'introspect', tag, summary: 'Ask what an access token means' },
    description: 'RFC 7662. A client that accepts the type of RFC 9701 gets a signed answer.',
    credentials: ['client'],
    body: formWith({ token: { type: 'string' } }),
    answers: {
      200: {
        description: 'What the token means, or that it is worth nothing.',
        content: {
          ...json('Introspection'),
          'application/token-introspection+jwt': { type: 'string' },
        },
      },
    },
    refusals: [...refusals, 'key_unavailable'],
  },
}

export const revoke: Operations = {
  POST: {
    ...{ id: 'revoke', tag, summary: 'Revoke an access token, or end the session of a refresh token' },
    description: 'RFC 7009. A client without a secret sends its `client_id`.',
    credentials: ['client', 'none'],
    body: formWith({ token: { type: 'string' } }),
    answers: { 200: { description: 'The token is worth nothing now, if it ever was worth anything.' } },
    refusals: [...refusals, 'token_type_unsupported'],
  },
}

export const backchannelLogout: Operations = {
  POST: {
    ...{ id: 'backchannelLogout', tag, summary: 'End sessions, because another service says so' },
    description: 'OpenID Connect Back-Channel Logout 1.0.',
    body: {
      [FORM_TYPE]: {
        type: 'object',
        properties: { logout_token: { type: 'string' } },
        required: ['logout_token'],
      },
    },
    answers: {
      200: {
        description: 'The sessions have ended.',
        content: { 'application/json': { type: 'object', maxProperties: 0 } },
      },
    },
    refusals: [...badBody, 'logout_token_invalid', 'store_unavailable', 'issuer_unavailable'],
  },
}
