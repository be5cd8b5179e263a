import {
  type Answer,
  emptyAnswer,
  type Gate,
  type Handler,
  jsonAnswer,
  type Methods,
  type Outbox,
  type RequestView,
  type Route,
  readJsonObject,
  refusal,
  type SharedState,
} from '@sallyport/core/adapter'
import * as v from 'valibot'
import { VERIFICATION } from '../events.ts'
import { type Authorize, findStream, MANAGE, READ, type Reader } from './authorize.ts'
import { pollOperations, statusOperations, subjectOperations, verificationOperations } from './described.ts'
import { SIGNAL, type SignalBody } from './message.ts'
import { PATHS, pollPath } from './paths.ts'
import type { AnswerPoll } from './poll.ts'
import { refuse } from './refusals.ts'
import type { Stream } from './stream.ts'
import { configurationRoute, queryOf, type StreamRoutesParts } from './streams/routes.ts'
import { aboutStream } from './streams/streams.ts'
import { userIn } from './streams/subject.ts'

const MAX_STATE_CHARS = 1000
/** In JSON, where some characters take six bytes. What is more does not fit into a message of the outbox. */
const MAX_STATE_BYTES = 3500
const text = (most: number): v.GenericSchema<string> =>
  v.pipe(
    v.string(),
    v.maxLength(most),
    v.check((given) => Buffer.byteLength(JSON.stringify(given)) <= MAX_STATE_BYTES),
  )
const statusSchema = v.looseObject({
  stream_id: v.string(),
  status: v.picklist(['enabled', 'paused', 'disabled']),
  reason: v.optional(text(255)),
})
const verifySchema = v.looseObject({ stream_id: v.string(), state: v.optional(text(MAX_STATE_CHARS)) })
const subjectSchema = v.looseObject({
  stream_id: v.string(),
  subject: v.looseObject({}),
  verified: v.optional(v.boolean()),
})

export interface ManageParts extends StreamRoutesParts, Pick<Gate, 'route'> {
  readonly authorize: Authorize
  readonly outbox: Pick<Outbox, 'append'>
  readonly attempt: SharedState['attempt']
  /** What answers the polls of a stream; `undefined`: it is pushed. */
  readonly pollsOf: (stream: Stream, reader: Reader) => AnswerPoll | undefined
}

/**
 * The endpoints of a transmitter (SSF 1.0, section 8.1). Receivers set up streams, if the operator lets them. A stream that the
 * operator set up they can only read, have verified, and poll.
 */
export function manageRoutes(parts: ManageParts): readonly Route[] {
  const { route, authorize, outbox, streams, verificationSeconds, attempt } = parts

  const status: Methods<Handler> = {
    GET: (view) =>
      authorize(view, READ, async (reader) => {
        const stream = await findStream(reader, queryOf(view).get('stream_id'), streams)
        return 'id' in stream ? statusAnswer(stream) : stream
      }),
    POST: (view) => authorize(view, MANAGE, (reader) => setStatus(view, reader)),
  }

  async function setStatus(view: RequestView, reader: Reader): Promise<Answer> {
    const asked = await readBody(view, statusSchema)
    if ('answer' in asked) return asked.answer
    const { stream_id: id, status, reason } = asked.body
    const stream = await findStream(reader, id, streams)
    if (!('id' in stream)) return stream
    if (stream.owner.kind === 'configured' || reader.receiver === undefined || streams === undefined)
      return status === 'enabled' ? statusAnswer(stream) : refuse('stream_configured')
    const set = await streams.setStatus(reader.receiver, id, status, reason, 'receiver')
    switch (set.kind) {
      case 'done':
        return statusAnswer(set.stream)
      case 'unknown':
        return refusal('route_unknown')
      case 'unavailable':
        return refusal('store_unavailable')
    }
  }

  const verification: Methods<Handler> = {
    POST: (view) =>
      authorize(view, MANAGE, async (reader) => {
        const asked = await readBody(view, verifySchema)
        if ('answer' in asked) return asked.answer
        const { stream_id: id, state } = asked.body
        const stream = await findStream(reader, id, streams)
        if (!('id' in stream)) return stream
        if (attempt !== undefined && verificationSeconds !== undefined) {
          const intervalMs = verificationSeconds * 1000
          const limit = { most: 1, windowMs: intervalMs, blockMs: intervalMs }
          const made = await attempt(`verification of ${id}`, limit)
          if (made.kind === 'unavailable') return refusal('store_unavailable')
          if (made.kind === 'blocked') return refuse('verified_lately', made.retryAfterMs)
        }
        const claims = state === undefined ? {} : { state }
        const body = { type: VERIFICATION, claims, stream: id } satisfies SignalBody
        const outcome = await outbox.append({
          kind: SIGNAL,
          subject: aboutStream(id),
          body: JSON.stringify(body),
        })
        return outcome.kind === 'unavailable' ? refusal('store_unavailable') : emptyAnswer()
      }),
  }

  const setSubject = (isWanted: boolean): Methods<Handler> => ({
    POST: (view) =>
      authorize(view, MANAGE, async (reader) => {
        const asked = await readBody(view, subjectSchema)
        if ('answer' in asked) return asked.answer
        const { stream_id: id, subject } = asked.body
        const user = userIn(subject, parts.issuer)
        if (user.kind === 'malformed') return refusal('body_malformed')
        const stream = await findStream(reader, id, streams)
        if (!('id' in stream)) return stream
        if (stream.owner.kind === 'configured' || reader.receiver === undefined || streams === undefined)
          return refuse('stream_configured')
        if (user.kind === 'unknown') return refuse('subject_unknown')
        const set = await streams.setSubject(reader.receiver, id, user.subject, isWanted)
        switch (set.kind) {
          case 'noted':
            return isWanted ? { ...emptyAnswer(), status: 200 } : emptyAnswer()
          case 'full':
            return refuse('subjects_full')
          case 'unknown':
            return refusal('route_unknown')
          case 'unavailable':
            return refusal('store_unavailable')
        }
      }),
  })

  const poll: Methods<Handler> = {
    POST: (view) =>
      authorize(view, MANAGE, async (reader) => {
        const stream = await findStream(reader, view.params.id ?? null, streams)
        if (!('id' in stream)) return stream
        const answer = parts.pollsOf(stream, reader)
        return answer === undefined ? refusal('route_unknown') : answer(view)
      }),
  }
  return [
    configurationRoute(parts),
    route.open(PATHS.status, status, statusOperations),
    route.open(PATHS.verification, verification, verificationOperations),
    ...(streams === undefined
      ? []
      : [
          route.open(PATHS.addSubject, setSubject(true), subjectOperations.add),
          route.open(PATHS.removeSubject, setSubject(false), subjectOperations.remove),
        ]),
    route.open(pollPath(':id'), poll, pollOperations),
  ]
}

function statusAnswer({ id, status, reason }: Stream): Answer {
  return jsonAnswer(200, { stream_id: id, status, ...(reason === undefined ? {} : { reason }) })
}

async function readBody<T>(
  view: RequestView,
  schema: v.GenericSchema<unknown, T>,
): Promise<{ readonly body: T } | { readonly answer: Answer }> {
  const read = await readJsonObject(view)
  if (read.kind === 'refused') return { answer: refusal(read.problem) }
  const parsed = v.safeParse(schema, read.value)
  return parsed.success ? { body: parsed.output } : { answer: refusal('body_malformed') }
}
