import type { Operation, OperationParameter } from '@sallyport/core/adapter'
import { ref } from '../schemas.ts'
import { badBody, badProof, deviceSignals, JSON_TYPE, json, retryKey } from './shared.ts'

/** What you say of your own route. The rest is what `signIn` or `stepUp` makes of it. */
export type OwnOperation = Pick<Operation, 'id' | 'summary'> & Partial<Operation>

const transport: OperationParameter = {
  in: 'header',
  name: 'X-Token-Transport',
  description:
    '`body`: the refresh token comes in the body, for clients without cookies. Default: in a cookie.',
  schema: { const: 'body' },
}

/**
 * Describes a route of yours that answers with `signIn`, behind `guardSignIn`: its parameters, its tokens, and what it refuses. Your
 * own answers and refusals are added.
 */
export function signInOperation(own: OwnOperation): Operation {
  return {
    credentials: ['none'],
    ...own,
    parameters: [transport, retryKey, deviceSignals, ...(own.parameters ?? [])],
    answers: {
      200: {
        description: 'The first tokens of the session.',
        content: { [JSON_TYPE]: { anyOf: [ref('Tokens'), ref('TokensWithRefreshToken')] } },
        headers: {
          'Set-Cookie': 'The refresh token, and what tells this device from others.',
          'Secure-Session-Registration':
            'Asks a browser to make a key, with the option `deviceBoundSessions`.',
        },
      },
      ...own.answers,
    },
    refusals: [
      ...badBody,
      ...(['transport_unknown', 'retry_key_malformed', 'certificate_missing'] as const),
      ...badProof,
      ...(['cross_site', 'sign_in_locked', 'key_unavailable', 'store_unavailable'] as const),
      ...(own.refusals ?? []),
    ],
  }
}

/**
 * Describes a route of yours that answers with `stepUp`, behind `guardSignIn`. Your own answers and refusals are added.
 */
export function stepUpOperation(own: OwnOperation): Operation {
  return {
    credentials: ['bearer'],
    ...own,
    parameters: [retryKey, deviceSignals, ...(own.parameters ?? [])],
    answers: {
      200: { description: 'A new access token.', content: json('Tokens') },
      ...own.answers,
    },
    refusals: [
      ...badBody,
      ...(['retry_key_malformed', 'access_denied', 'sign_in_locked', 'key_unavailable'] as const),
      ...(own.refusals ?? []),
    ],
  }
}
