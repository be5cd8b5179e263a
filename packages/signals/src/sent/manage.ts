import {
  type Answer,
  emptyAnswer,
  type Gate,
  jsonAnswer,
  type Outbox,
  type RequestView,
  type Route,
  readJsonObject,
  refusal,
} from '@sallyport/core/adapter'
import * as v from 'valibot'
import { VERIFICATION } from '../events.ts'
import type { Authorize } from './authorize.ts'
import { SIGNAL, type SignalBody } from './message.ts'
import type { AnswerPoll } from './poll.ts'
import { POLL_METHOD, PUSH_METHOD, type Stream } from './stream.ts'

/** Who may do what with a stream (CAEP interoperability profile 1.0, section 2.7.2). */
const READ = ['ssf.read', 'ssf.manage'] as const
const MANAGE = ['ssf.manage'] as const

const MAX_STATE_CHARS = 1000
/** In JSON, where some characters take six bytes. What is more does not fit into a message of the outbox. */
const MAX_STATE_BYTES = 3500
const statusSchema = v.looseObject({
  stream_id: v.string(),
  status: v.picklist(['enabled', 'paused', 'disabled']),
})
const verifySchema = v.looseObject({
  stream_id: v.string(),
  state: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(MAX_STATE_CHARS),
      v.check((state) => Buffer.byteLength(JSON.stringify(state)) <= MAX_STATE_BYTES),
    ),
  ),
})

export interface ManageParts extends Pick<Gate, 'route' | 'issuer'> {
  readonly streams: readonly Stream[]
  readonly polls: ReadonlyMap<Stream, AnswerPoll>
  readonly authorize: Authorize
  readonly outbox: Pick<Outbox, 'append'>
  /** The URL of a route, by its path. */
  readonly urlOf: (path: string) => string
}

export const PATHS = {
  configuration: '/ssf/stream',
  status: '/ssf/status',
  verification: '/ssf/verify',
} as const

/**
 * The endpoints of a transmitter whose streams are set up by its operator (SSF 1.0, section 8.1): a receiver reads its
 * streams and their status, has them verified, and polls. It can't create, change or delete one.
 */
export function manageRoutes(parts: ManageParts): readonly Route[] {
  const { route, authorize, outbox } = parts

  /** The stream of this caller that is named; the refusal if there is none. */
  function named(id: string | null, mine: readonly Stream[]): Stream | Answer {
    return mine.find((stream) => stream.id === id) ?? refusal('route_unknown')
  }

  const refuseChange = (view: RequestView): Promise<Answer> =>
    authorize(view, MANAGE, () => refusal('access_denied', { challenge: 'none' }))

  const configuration = route.open(PATHS.configuration, {
    GET: (view) =>
      authorize(view, READ, (mine) => {
        const id = queryOf(view).get('stream_id')
        const shown = mine.map((stream) => configurationOf(stream, parts))
        if (id === null) return jsonAnswer(200, shown)
        const one = shown.find(({ stream_id }) => stream_id === id)
        return one === undefined ? refusal('route_unknown') : jsonAnswer(200, one)
      }),
    // Each receiver has the streams that the operator set up, and gets no others.
    POST: (view) => authorize(view, MANAGE, () => conflict()),
    PUT: refuseChange,
    DELETE: refuseChange,
  })

  const status = route.open(PATHS.status, {
    GET: (view) =>
      authorize(view, READ, (mine) => {
        const stream = named(queryOf(view).get('stream_id'), mine)
        return 'id' in stream ? jsonAnswer(200, { stream_id: stream.id, status: 'enabled' }) : stream
      }),
    POST: (view) =>
      authorize(view, MANAGE, async (mine) => {
        const asked = await readBody(view, statusSchema)
        if ('answer' in asked) return asked.answer
        const stream = named(asked.body.stream_id, mine)
        if (!('id' in stream)) return stream
        return asked.body.status === 'enabled'
          ? jsonAnswer(200, { stream_id: stream.id, status: 'enabled' })
          : refusal('access_denied', { challenge: 'none' })
      }),
  })

  const verification = route.open(PATHS.verification, {
    POST: (view) =>
      authorize(view, MANAGE, async (mine) => {
        const asked = await readBody(view, verifySchema)
        if ('answer' in asked) return asked.answer
        const { stream_id: id, state } = asked.body
        const stream = named(id, mine)
        if (!('id' in stream)) return stream
        const claims = state === undefined ? {} : { state }
        const body = { type: VERIFICATION, claims, stream: stream.id } satisfies SignalBody
        const outcome = await outbox.append({
          ...{ kind: SIGNAL, subject: `stream ${stream.id}` },
          body: JSON.stringify(body),
        })
        return outcome.kind === 'unavailable' ? refusal('store_unavailable') : emptyAnswer()
      }),
  })

  const polls = [...parts.polls].map(([stream, answer]) =>
    route.open(pollPath(stream), {
      POST: (view) =>
        authorize(view, MANAGE, (mine) => (mine.includes(stream) ? answer(view) : refusal('route_unknown'))),
    }),
  )
  return [configuration, status, verification, ...polls]
}

/** SSF 1.0, section 8.1.1. */
function configurationOf(stream: Stream, { issuer, urlOf }: ManageParts) {
  const events = [...stream.events]
  return {
    stream_id: stream.id,
    iss: issuer,
    aud: stream.audience,
    delivery:
      stream.push === undefined
        ? { method: POLL_METHOD, endpoint_url: urlOf(pollPath(stream)) }
        : { method: PUSH_METHOD, endpoint_url: stream.push.url },
    events_supported: events,
    events_requested: events,
    events_delivered: events,
  }
}

function pollPath({ id }: Stream): string {
  return `/ssf/poll/${id}`
}

function queryOf({ target }: RequestView): URLSearchParams {
  const start = target.indexOf('?')
  return new URLSearchParams(start === -1 ? '' : target.slice(start))
}

function conflict(): Answer {
  return jsonAnswer(409, {
    error: 'invalid_request',
    error_description: 'the streams are set up by the operator; read those that there are',
  })
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
