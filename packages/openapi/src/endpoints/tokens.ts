import type { Operations } from '@sallyport/core/adapter'
import { badBody, badProof, deviceSignals, FORM_TYPE, json, retryKey } from './shared.ts'

const tag = 'Tokens'

export const refresh: Operations = {
  POST: {
    ...{ id: 'refresh', tag, summary: 'Exchange the refresh cookie for the next one and a new access token' },
    description:
      'For browsers. A refresh token that comes back after it was replaced has been stolen, and ends the session, unless the request is a repetition. A refusal leaves the cookie as it is.',
    parameters: [retryKey, deviceSignals],
    answers: {
      200: {
        description: 'The new access token.',
        content: json('Tokens'),
        headers: { 'Set-Cookie': 'The next refresh token.' },
      },
    },
    refusals: [
      ...(['retry_key_malformed', 'refresh_repeated'] as const),
      ...(['refresh_missing', 'refresh_unknown', 'refresh_expired'] as const),
      ...([
        'refresh_reused',
        'refresh_mismatched',
        'refresh_unproven',
        'authentication_insufficient',
      ] as const),
      ...badProof,
      ...(['refresh_limited', 'proof_skipped', 'key_unavailable', 'store_unavailable'] as const),
    ],
  },
}

export const token: Operations = {
  POST: {
    ...{ id: 'token', tag, summary: 'Exchange a refresh token for the next one and a new access token' },
    description: 'For clients without cookies (RFC 6749, section 6).',
    parameters: [retryKey, deviceSignals],
    credentials: ['none', 'client'],
    body: {
      [FORM_TYPE]: {
        type: 'object',
        properties: {
          grant_type: { const: 'refresh_token' },
          refresh_token: { type: 'string' },
          client_id: { type: 'string', description: 'If it is sent, it must be that of the session.' },
          client_secret: { type: 'string' },
          client_assertion_type: { type: 'string' },
          client_assertion: { type: 'string', description: 'A JWT (RFC 7523), instead of a secret.' },
        },
        required: ['grant_type', 'refresh_token'],
      },
    },
    answers: {
      200: { description: 'The new tokens.', content: json('TokensWithRefreshToken') },
    },
    refusals: [
      ...badBody,
      ...(['retry_key_malformed', 'grant_type_unsupported'] as const),
      ...(['unknown', 'expired', 'reused', 'mismatched', 'unproven'] as const).map(
        (why) => ({ code: `refresh_${why}`, status: 400 }) as const,
      ),
      ...(['refresh_wrong_client', 'authorization_repeated', 'client_methods_mixed'] as const),
      ...badProof,
      ...(['client_unauthenticated', 'authentication_insufficient'] as const),
      ...(['clients_limited', 'refresh_limited'] as const),
      ...(['client_keys_unavailable', 'key_unavailable', 'store_unavailable'] as const),
    ],
  },
}
