import type { Operations } from '@sallyport/core/adapter'
import { ifNoneMatch, json, unchanged } from './shared.ts'

const tag = 'Discovery'
const headers = { ETag: 'Its version.' } as const

export const jwks: Operations = {
  GET: {
    ...{ id: 'jwks', tag, summary: 'The public keys of access tokens' },
    description: 'RFC 7517, section 5. Keep it as long as `Cache-Control` says.',
    parameters: [ifNoneMatch],
    answers: {
      200: { description: 'The keys.', content: json('JwkSet'), headers },
      304: unchanged,
    },
    refusals: ['key_unavailable'],
  },
}

export const metadata: Operations = {
  GET: {
    ...{ id: 'serverMetadata', tag, summary: 'What OAuth clients need to know' },
    description: 'RFC 8414, section 2.',
    parameters: [ifNoneMatch],
    answers: {
      200: { description: 'The metadata.', content: json('ServerMetadata'), headers },
      304: unchanged,
    },
  },
}
