import type { Operations } from '@sallyport/core/adapter'

/** RFC 8935. */
export const receiverOperations: Operations = {
  POST: {
    ...{ id: 'takeSignal', tag: 'Shared signals', summary: 'Take a security event token' },
    description: 'RFC 8935. A transmitter may have to send an agreed `Authorization` header.',
    body: { 'application/secevent+jwt': { type: 'string' } },
    answers: {
      202: { description: 'It is taken, and what it says is done.' },
      400: {
        description: 'It is not taken.',
        content: {
          'application/json': {
            type: 'object',
            properties: {
              err: {
                enum: [
                  ...['invalid_request', 'invalid_key', 'invalid_issuer', 'invalid_audience'],
                  ...['invalid_state', 'authentication_failed'],
                ],
              },
              description: { type: 'string' },
            },
            required: ['err', 'description'],
            additionalProperties: false,
          },
        },
        headers: { 'Content-Language': 'That of the description.' },
      },
    },
    refusals: ['body_type', 'store_unavailable', 'issuer_unavailable'],
  },
}
