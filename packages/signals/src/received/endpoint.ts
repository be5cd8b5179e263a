import { createHash, timingSafeEqual } from 'node:crypto'
import {
  type Answer,
  type Caller,
  type Callers,
  type Handler,
  jsonAnswer,
  type RequestView,
  type Route,
  type RouteMaker,
  readText,
  refusal,
  type StatementReader,
} from '@sallyport/core/adapter'
import { receiverOperations } from './described.ts'
import type { SetFault } from './fault.ts'
import type { Taken, TakeSet } from './take.ts'

const SET_TYPE = 'application/secevent+jwt'
/** The problems of a body that are no general HTTP error, so that the transmitter is told in its own way. */
const NO_TEXT: SetFault = { err: 'invalid_request', description: 'the body is not UTF-8' }
const STRANGER: SetFault = {
  err: 'authentication_failed',
  description: 'the Authorization header is not the agreed one',
}

/** Whose tokens are accepted, and what must be sent with them. */
export interface Transmitter {
  readonly reader: StatementReader
  /** The agreed value of the `Authorization` header; `undefined` if there is none. */
  readonly authorization: string | undefined
}

export interface ReceiverParts {
  readonly transmitters: readonly Transmitter[]
  readonly take: TakeSet
  readonly callers: Callers
  /** Tells that a token was refused. */
  readonly refused: (why: string, caller: Caller) => void
}

/** `POST /signals`: takes security event tokens that are pushed (RFC 8935). */
export function receiverRoute(route: RouteMaker, parts: ReceiverParts): Route {
  const { transmitters, callers, refused } = parts
  const receive: Handler = async (view) => {
    const body = await readText(view, SET_TYPE)
    if (body.kind === 'refused')
      return body.problem === 'body_malformed' ? setError(NO_TEXT) : refusal(body.problem)
    const caller = callers.of(view)
    const from = transmitters.filter((one) => isAgreed(view, one)).map(({ reader }) => reader)
    if (from.length === 0) {
      refused('signal_authorization', caller)
      return setError(STRANGER)
    }
    // The address of a transmitter is nothing for the users, who see the events about them.
    const taken = await parts.take(body.value, from, { request_id: caller.request_id })
    if (taken.kind === 'refused' && taken.why !== 'malformed') refused(`signal_${taken.why}`, caller)
    return answerTo(taken)
  }
  return route.open('/signals', { POST: receive }, receiverOperations)
}

function answerTo(taken: Taken): Answer {
  switch (taken.kind) {
    case 'taken':
      return { status: 202, headers: { 'Cache-Control': 'no-store' }, cookies: [], body: undefined }
    case 'refused':
      return setError(taken.fault)
    case 'unavailable':
      return refusal(taken.of === 'store' ? 'store_unavailable' : 'issuer_unavailable')
  }
}

/** RFC 8935, section 2.3. */
function setError({ err, description }: SetFault): Answer {
  const answer = jsonAnswer(400, { err, description })
  return { ...answer, headers: { ...answer.headers, 'Content-Language': 'en' } }
}

function isAgreed({ headers }: RequestView, { authorization }: Transmitter): boolean {
  if (authorization === undefined) return true
  const sent = headers.authorization
  return typeof sent === 'string' && timingSafeEqual(digest(sent), digest(authorization))
}

function digest(text: string): Uint8Array {
  return createHash('sha256').update(text).digest()
}
