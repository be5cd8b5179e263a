import { type Answer, jsonAnswer, type OperationRefusal } from '@sallyport/core/adapter'

/** What a receiver is refused for that no other route refuses, as the tables of SSF 1.0, section 8.1 say. */
const REFUSALS = {
  stream_exists: [
    409,
    'invalid_request',
    'there are as many streams as there may be; read, update or delete one',
  ],
  streams_configured: [
    409,
    'invalid_request',
    'the streams are set up by the operator; read those that there are',
  ],
  no_receiver: [403, 'access_denied', 'the caller may set up no streams'],
  stream_configured: [403, 'access_denied', 'the stream is set up by the operator'],
  subjects_full: [403, 'access_denied', 'the stream has as many subjects as it may have'],
  subject_unknown: [404, 'not_found', 'no such subject is known here'],
  verified_lately: [
    429,
    'too_many_requests',
    'the stream was verified a moment ago; see min_verification_interval',
  ],
} as const

type RefusalName = keyof typeof REFUSALS

/** The same, as a document says it. */
export function described(name: RefusalName): OperationRefusal {
  const [status, error, description] = REFUSALS[name]
  return { status, error, description }
}

export function refuse(name: RefusalName, retryAfterMs?: number): Answer {
  const [status, error, say] = REFUSALS[name]
  const answer = jsonAnswer(status, { error, error_description: say })
  if (retryAfterMs === undefined) return answer
  return { ...answer, headers: { ...answer.headers, 'Retry-After': String(Math.ceil(retryAfterMs / 1000)) } }
}

/** @param say what is wrong with the request, in words of ours */
export function malformed(say: string): Answer {
  return jsonAnswer(400, { error: 'invalid_request', error_description: say })
}
