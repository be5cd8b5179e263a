import type { JsonSchema } from '@sallyport/core/adapter'

/** An object with these members and no others. */
function object(
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[] = Object.keys(properties),
): JsonSchema {
  return { type: 'object', properties, required, additionalProperties: false }
}

const text = { type: 'string' } as const
const time = { type: 'string', format: 'date-time' } as const
const textOrNull = { type: ['string', 'null'] } as const
const texts = { type: 'array', items: text } as const
const url = { type: 'string', format: 'uri' } as const

const access = {
  access_token: {
    ...text,
    description: 'A JWT (RFC 9068), or a reference, as the option `accessToken` says.',
  },
  token_type: { enum: ['Bearer', 'DPoP'] },
  expires_in: { type: 'integer', description: 'In seconds.' },
  scope: { ...text, description: 'Scopes, separated by spaces.' },
} as const

export type SchemaName =
  | 'Error'
  | 'Tokens'
  | 'TokensWithRefreshToken'
  | 'Sessions'
  | 'Activity'
  | 'Introspection'
  | 'JwkSet'
  | 'ServerMetadata'
  | 'BoundSession'

/** The schemas to which the descriptions refer, by name. */
export const schemas: Readonly<Record<SchemaName, JsonSchema>> = {
  Error: object({
    error: { ...text, description: 'A code for programs.' },
    error_description: { ...text, description: 'A text for people. It may change.' },
  }),
  Tokens: object(access),
  TokensWithRefreshToken: object({ ...access, refresh_token: text }),
  Sessions: object(
    {
      sessions: {
        type: 'array',
        items: object({
          id: text,
          created_at: time,
          last_seen_at: { ...time, description: 'The latest refresh.' },
          ip: textOrNull,
          device: { ...text, description: 'In words, such as "Firefox on Linux".' },
          current: { type: 'boolean', description: 'Whether it is the session that asks.' },
        }),
      },
      more: { const: true, description: 'There are others, which are not listed.' },
    },
    ['sessions'],
  ),
  Activity: object({
    events: {
      type: 'array',
      items: object({
        time,
        event: { ...text, examples: ['session.started'] },
        outcome: { enum: ['success', 'failure'] },
        ip: textOrNull,
        device: textOrNull,
        reason: textOrNull,
      }),
    },
  }),
  Introspection: {
    oneOf: [
      object({ active: { const: false } }),
      {
        type: 'object',
        description: 'The claims of the token besides.',
        properties: {
          ...{ active: { const: true }, token_type: access.token_type },
          ...{ iss: text, sub: text, client_id: text, scope: text, sid: text, jti: text },
          ...{ aud: { type: ['string', 'array'] }, iat: { type: 'integer' }, exp: { type: 'integer' } },
        },
        required: ['active', 'token_type', 'sub'],
      },
    ],
  },
  JwkSet: object({
    keys: {
      type: 'array',
      items: {
        type: 'object',
        description: 'A public JWK (RFC 7517, section 4).',
        properties: { kty: text, kid: text, alg: text, use: text },
        required: ['kty', 'kid', 'alg'],
        // What only a private or a symmetric key has.
        not: { anyOf: [{ required: ['d'] }, { required: ['k'] }] },
      },
    },
  }),
  ServerMetadata: {
    type: 'object',
    properties: {
      ...{ issuer: url, jwks_uri: url },
      ...{ token_endpoint: url, introspection_endpoint: url, revocation_endpoint: url },
      ...{ response_types_supported: texts, grant_types_supported: texts },
    },
    required: ['issuer', 'jwks_uri', 'response_types_supported', 'grant_types_supported'],
  },
  BoundSession: {
    oneOf: [
      object({ session_identifier: text, continue: { const: false } }),
      object({
        session_identifier: text,
        refresh_url: text,
        scope: { type: 'object' },
        credentials: { type: 'array', items: { type: 'object' } },
        allowed_refresh_initiators: texts,
      }),
    ],
  },
}

/** A reference to one of them. */
export function ref(name: SchemaName): { readonly $ref: string } {
  return { $ref: `#/components/schemas/${name}` }
}
