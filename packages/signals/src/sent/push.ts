import type { Delivery, PushReceiver, SignStatement } from '@sallyport/core/adapter'
import { readJson } from '../answers.ts'
import { judge, type ReadStream } from './judge.ts'
import { KINDS } from './message.ts'
import type { PushEndpoint } from './stream.ts'

const SET_TYPE = 'application/secevent+jwt'
/** What is no fault of the token, besides 5xx. */
const PATIENCE: ReadonlySet<number> = new Set([408, 425, 429])
const MAX_REASON_CHARS = 64
const MAX_ERROR_BYTES = 4096

export type Told = (update: string | undefined) => Promise<boolean>

export interface PushParts {
  readonly issuer: string
  readonly sign: SignStatement
  readonly read: ReadStream
  /** The receiver has been told of the status of its stream by this update. Resolves to whether that is noted. */
  readonly told: Told
}

const SECOND_MS = 1000

/** Sends the events of a stream by push (RFC 8935), one token a request. */
export function pushReceiver(
  { issuer, sign, read, told }: PushParts,
  timeoutMs: number,
): Omit<PushReceiver, 'name'> {
  return {
    kinds: KINDS,
    timeoutMs,
    async deliver(message, signal) {
      const state = await read([message])
      if (state.kind === 'unavailable') return { kind: 'retry', reason: 'store' }
      const verdict = judge(message, state, issuer)
      if (verdict.kind === 'skip') return { kind: 'delivered' }
      // Whoever has paused the stream, or polls from now on, has told this process, or will within a moment.
      if (verdict.kind === 'hold' || state.stream?.push === undefined)
        return { kind: 'retry', reason: 'held', afterMs: SECOND_MS }
      const signed = await sign('secevent+jwt', verdict.content)
      if (signed.kind === 'unsigned') return { kind: 'unable' }
      const delivery = await send(signed.jwt, state.stream.push, signal)
      if (!verdict.tells || delivery.kind === 'retry') return delivery
      // If it were not noted, the stream would try in vain to send what it holds. It is no harm to tell it again.
      return (await told(state.stream.update)) ? delivery : { kind: 'retry', reason: 'store' }
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
