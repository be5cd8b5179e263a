import type {
  OperationAnswer,
  OperationContent,
  OperationParameter,
  OperationRefusal,
} from '@sallyport/core/adapter'
import { ref, type SchemaName } from '../schemas.ts'

export const JSON_TYPE = 'application/json'
export const FORM_TYPE = 'application/x-www-form-urlencoded'

export const retryKey: OperationParameter = {
  in: 'header',
  name: 'Idempotency-Key',
  description:
    'Makes the request repeatable: a repetition with the same key gets what the first one got. A session for which it was ever sent has no grace for replaced refresh tokens.',
  schema: {
    type: 'string',
    pattern: '^"?[A-Za-z0-9_-]{16,64}"?$',
    examples: ['8e03978e-40d5-43e8-bc93-6894a57f9324'],
  },
}
export const deviceSignals: OperationParameter = {
  in: 'header',
  name: 'Device-Signals',
  description: 'What the client says of its device, as a dictionary (RFC 9651).',
  schema: { type: 'string', maxLength: 512, examples: ['screen="1920x1080x2", timezone="Europe/Berlin"'] },
}
export const ifNoneMatch: OperationParameter = {
  in: 'header',
  name: 'If-None-Match',
  description: 'The ETag of what the client has already.',
}

/** What a route refuses that reads a body. */
export const badBody: readonly OperationRefusal[] = ['body_malformed', 'body_type']
/** At the token endpoint there is no challenge (RFC 9449, section 5). */
export const badProof: readonly OperationRefusal[] = [
  { code: 'dpop_invalid', status: 400 },
  { code: 'dpop_replayed', status: 400 },
  { code: 'dpop_nonce', status: 400 },
]

export const unchanged: OperationAnswer = {
  description: 'The client has it already.',
  headers: { ETag: 'Its version.' },
}
export const cleared = 'Deletes the cookies of the session.'
export const siteData = 'What else the browser deletes, if the option `logout.clearSiteData` asks for it.'

/** A body in JSON. */
export function json(name: SchemaName): OperationContent {
  return { [JSON_TYPE]: ref(name) }
}
