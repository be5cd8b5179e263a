import type { Answer } from '@sallyport/core/adapter'

/** The text of a body; empty if there is none. Throws a `TypeError` for a stream. */
export function textIn(body: Answer['body']): string {
  if (typeof body === 'object') throw new TypeError('the body is a stream')
  return body ?? ''
}
