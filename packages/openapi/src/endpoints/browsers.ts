import type { OperationParameter, OperationRefusal, Operations } from '@sallyport/core/adapter'
import { badProof, json } from './shared.ts'

const tag = 'Device-bound sessions'
const bound = { 'Set-Cookie': 'The cookie that stands for the key until the next proof.' } as const
const response: OperationParameter = {
  in: 'header',
  name: 'Secure-Session-Response',
  description: 'The proof of the key, a JWT.',
}
const refusals = [
  ...(['key_proof_invalid', 'refresh_repeated', 'store_unavailable'] as const),
] satisfies readonly OperationRefusal[]

export const registerKey: Operations = {
  POST: {
    ...{ id: 'registerBoundKey', tag, summary: 'Bind the session to a key of the browser' },
    description: 'Browsers ask this by themselves (Device Bound Session Credentials).',
    parameters: [response],
    answers: {
      200: { description: 'When to prove the key.', content: json('BoundSession'), headers: bound },
    },
    refusals: [
      ...refusals,
      ...badProof,
      ...(['refresh_missing', 'refresh_unknown', 'refresh_unproven', 'key_taken'] as const),
    ],
  },
}

export const proveKey: Operations = {
  POST: {
    ...{ id: 'proveBoundKey', tag, summary: 'Prove the key of the session' },
    description: 'Browsers ask this by themselves (Device Bound Session Credentials).',
    parameters: [
      { in: 'header', name: 'Sec-Secure-Session-Id', description: 'The session.', required: true },
      response,
    ],
    answers: {
      200: {
        description: 'When to prove it next, or that there is nothing left to prove.',
        content: json('BoundSession'),
        headers: bound,
      },
    },
    refusals: [...refusals, 'key_proof_missing', 'session_unknown'],
  },
}
