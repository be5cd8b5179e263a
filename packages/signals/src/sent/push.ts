import type { Delivery, PushReceiver, SignStatement } from '@sallyport/core/adapter'
import { readJson } from '../answers.ts'
import { contentOf, KINDS } from './message.ts'
import type { PushEndpoint, Stream } from './stream.ts'

const SET_TYPE = 'application/secevent+jwt'
/** What is no fault of the token, besides 5xx. */
const PATIENCE: ReadonlySet<number> = new Set([408, 425, 429])
const MAX_REASON_CHARS = 64
const MAX_ERROR_BYTES = 4096

export interface PushParts {
  readonly issuer: string
  readonly sign: SignStatement
}

/** Sends the events of a stream by push (RFC 8935), one token a request. */
export function pushReceiver(
  stream: Stream,
  endpoint: PushEndpoint,
  { issuer, sign }: PushParts,
): PushReceiver {
  return {
    name: `signals:${stream.id}`,
    kinds: KINDS,
    timeoutMs: endpoint.timeoutMs,
    async deliver(message, signal) {
      const content = contentOf(message, stream, issuer)
      if (content === undefined) return { kind: 'delivered' }
      const signed = await sign('secevent+jwt', content)
      if (signed.kind === 'unsigned') return { kind: 'unable' }
      return send(signed.jwt, endpoint, signal)
    },
  }
}

async function send(
  jwt: string,
  { url, authorization }: PushEndpoint,
  signal: AbortSignal,
): Promise<Delivery> {
  const headers = {
    'Content-Type': SET_TYPE,
    Accept: 'application/json',
    ...(authorization === undefined ? {} : { Authorization: authorization }),
  }
  const answer = await fetch(url, { method: 'POST', headers, body: jwt, signal, redirect: 'manual' })
  if (answer.status !== 400) await answer.body?.cancel()
  return deliveryOf(answer)
}

async function deliveryOf(answer: Response): Promise<Delivery> {
  const { status, ok } = answer
  if (ok) return { kind: 'delivered' }
  if (status === 400) return { kind: 'refused', reason: await errorIn(answer) }
  // A redirection is not followed: it may be that of a proxy while the receiver is down.
  if (status >= 400 && status < 500 && !PATIENCE.has(status))
    return { kind: 'refused', reason: `status_${status}` }
  const afterMs = Number(answer.headers.get('retry-after') ?? Number.NaN) * 1000
  return { kind: 'retry', reason: `status_${status}`, ...(afterMs >= 0 && { afterMs }) }
}

/** The code of an error (RFC 8935, section 2.4), as far as it may stand in a log. */
async function errorIn(answer: Response): Promise<string> {
  try {
    const { err } = Object(answer.body && (await readJson(answer.body, MAX_ERROR_BYTES)))
    return typeof err === 'string' && /^\w+$/.test(err) ? err.slice(0, MAX_REASON_CHARS) : 'status_400'
  } catch {
    return 'status_400'
  }
}
