import { type Client, ClientError } from '@sallyport/client'
import type { SharedWords } from '../words/en/shared.ts'
import type { Format } from './format.ts'

/** An answer that is no success. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  /** The member `error` of its body. */
  readonly code: string
  readonly retryAfterSeconds: number | undefined

  constructor(answer: Response, { error, error_description: description }: Record<string, unknown>) {
    super(typeof description === 'string' ? description : '')
    this.status = answer.status
    this.code = typeof error === 'string' ? error : ''
    const seconds = Number(answer.headers.get('Retry-After') ?? Number.NaN)
    this.retryAfterSeconds = seconds > 0 ? seconds : undefined
  }
}

const TIMEOUT_MS = 10_000

export type Method = 'GET' | 'POST' | 'DELETE'

/** What a request with these strings as its body is sent as. */
export function jsonInit(method: Method, body?: Readonly<Record<string, string>>): RequestInit {
  const limits = { cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS) } as const
  if (body === undefined) return { method, ...limits }
  return { method, ...limits, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
}

/** The members of an answer. Rejects with a {@link Refusal} if it is no success. */
export async function membersOf(answer: Response): Promise<Record<string, unknown>> {
  const members: unknown = await answer.json().catch(() => ({}))
  if (!answer.ok) throw new Refusal(answer, Object(members) as Record<string, unknown>)
  return Object(members) as Record<string, unknown>
}

/** Sends a request as the user, and gives what it was answered. */
export async function ask<Answer>(client: Client, method: Method, path: string): Promise<Answer> {
  return (await membersOf(await client.fetch(path, jsonInit(method)))) as Answer
}

/** What went wrong, for people. */
export function explain(fault: unknown, words: SharedWords, format: Format): string {
  if (fault instanceof Refusal) {
    const { status, message, retryAfterSeconds } = fault
    if (status === 429)
      return retryAfterSeconds === undefined
        ? words.tooMany
        : words.tooManyUntil(format.span(Math.max(60, retryAfterSeconds)))
    if (status === 503) return words.away
    if (status === 403) return words.forbidden
    return message === '' ? words.refused(status) : words.refusedBecause(message)
  }
  if (fault instanceof ClientError && fault.status !== undefined) return words.away
  return words.unreachable
}
