import {
  type Answer,
  emptyAnswer,
  type Handler,
  jsonAnswer,
  type Methods,
  type RequestView,
  type Route,
  type RouteMaker,
  readJsonObject,
  refusal,
} from '@sallyport/core/adapter'
import { type Authorize, findStream, MANAGE, READ, type Reader, streamsOf } from '../authorize.ts'
import { configurationOperations } from '../described.ts'
import { PATHS } from '../paths.ts'
import { malformed, refuse } from '../refusals.ts'
import type { Stream } from '../stream.ts'
import {
  type ConfigurationParts,
  configurationOf,
  readSupplied,
  type Supplied,
  wantedBy,
  wrongProperty,
} from './configuration.ts'
import type { ManagingReceiver } from './record.ts'
import type { Change, Streams, Wanted } from './streams.ts'

export interface StreamRoutesParts extends ConfigurationParts {
  readonly route: RouteMaker
  readonly authorize: Authorize
  /** `undefined`: no receiver may set any up. */
  readonly streams: Streams | undefined
}

/** How what is asked for becomes what is wanted: put in place of all, or of what is named. */
type Merge = (supplied: Supplied, wanted: Wanted, now: Stream) => Wanted

/** The configuration endpoint (SSF 1.0, section 8.1.1). */
export function configurationRoute(parts: StreamRoutesParts): Route {
  const { route, authorize, streams } = parts

  async function read(view: RequestView, reader: Reader): Promise<Answer> {
    const id = queryOf(view).get('stream_id')
    const shown = (stream: Stream) => configurationOf(stream, parts, reader.mayManage)
    if (id !== null) {
      const stream = await findStream(reader, id, streams)
      return 'id' in stream ? jsonAnswer(200, shown(stream)) : stream
    }
    const all = await streamsOf(reader, streams)
    return all.kind === 'unavailable' ? refusal('store_unavailable') : jsonAnswer(200, all.streams.map(shown))
  }

  async function create(view: RequestView, { receiver, configured }: Reader): Promise<Answer> {
    if (receiver === undefined || streams === undefined)
      return refuse(configured.length > 0 ? 'streams_configured' : 'no_receiver')
    const asked = await readSuppliedIn(view)
    if ('answer' in asked) return asked.answer
    const wanted = wantedBy(asked.supplied, receiver)
    if (wanted.kind === 'wrong') return malformed(wanted.say)
    const created = await streams.create(receiver, wanted.value)
    switch (created.kind) {
      case 'done':
        return jsonAnswer(201, configurationOf(created.stream, parts, true))
      case 'full':
        return refuse('stream_exists')
      case 'unavailable':
        return refusal('store_unavailable')
    }
  }

  const change =
    (merge: Merge) =>
    async (view: RequestView, reader: Reader): Promise<Answer> => {
      const asked = await readSuppliedIn(view)
      if ('answer' in asked) return asked.answer
      const { supplied } = asked
      const { stream_id: id } = supplied
      if (typeof id !== 'string') return malformed('"stream_id" is required')
      const owned = await findOwned(reader, id)
      if ('answer' in owned) return owned.answer
      const changed = await owned.streams.change(
        owned.receiver,
        id,
        changeOf(supplied, owned.receiver, merge),
      )
      switch (changed.kind) {
        case 'done':
          return jsonAnswer(200, configurationOf(changed.stream, parts, true))
        case 'refused':
          return malformed(changed.say)
        case 'unknown':
          return refusal('route_unknown')
        case 'unavailable':
          return refusal('store_unavailable')
      }
    }

  function changeOf(supplied: Supplied, receiver: ManagingReceiver, merge: Merge): Change {
    const wanted = wantedBy(supplied, receiver)
    return (stream) => {
      const wrong = wrongProperty(supplied, stream, parts)
      if (wrong !== undefined) return { kind: 'refused', say: `"${wrong}" is not what the transmitter has` }
      if (wanted.kind === 'wrong') return { kind: 'refused', say: wanted.say }
      return { kind: 'wanted', wanted: merge(supplied, wanted.value, stream) }
    }
  }

  async function remove(view: RequestView, reader: Reader): Promise<Answer> {
    const id = queryOf(view).get('stream_id')
    const owned = await findOwned(reader, id)
    if ('answer' in owned) return owned.answer
    const removed = await owned.streams.remove(owned.receiver, id ?? '')
    switch (removed.kind) {
      case 'removed':
        return emptyAnswer()
      case 'unknown':
        return refusal('route_unknown')
      case 'unavailable':
        return refusal('store_unavailable')
    }
  }

  /** Who may change a stream, and where it is kept; the refusal if there is no such stream, or the caller may not. */
  async function findOwned(reader: Reader, id: string | null) {
    const { receiver } = reader
    const stream = await findStream(reader, id, streams)
    if (!('id' in stream)) return { answer: stream }
    if (stream.owner.kind === 'configured' || receiver === undefined || streams === undefined)
      return { answer: refuse('stream_configured') }
    return { receiver, streams }
  }

  const handlers = {
    GET: (view) => authorize(view, READ, (reader) => read(view, reader)),
    POST: (view) => authorize(view, MANAGE, (reader) => create(view, reader)),
    PATCH: (view) => authorize(view, MANAGE, (reader) => change(named)(view, reader)),
    PUT: (view) => authorize(view, MANAGE, (reader) => change(whole)(view, reader)),
    DELETE: (view) => authorize(view, MANAGE, (reader) => remove(view, reader)),
  } satisfies Methods<Handler>
  return route.open(PATHS.configuration, handlers, configurationOperations)
}

/** Section 8.1.1.4: what is missing is deleted. */
const whole: Merge = (_, wanted) => wanted

/** Section 8.1.1.3: what is missing stays as it is. */
const named: Merge = (supplied, wanted, { push, requested, description }) => ({
  push:
    supplied.delivery === undefined
      ? push && { url: push.url, authorization: push.authorization }
      : wanted.push,
  events: supplied.events_requested === undefined ? requested : wanted.events,
  description: supplied.description === undefined ? description : wanted.description,
})

async function readSuppliedIn(
  view: RequestView,
): Promise<{ readonly supplied: Supplied } | { readonly answer: Answer }> {
  const body = await readJsonObject(view)
  if (body.kind === 'refused') return { answer: refusal(body.problem) }
  const read = readSupplied(body.value)
  return read.kind === 'fine' ? { supplied: read.value } : { answer: malformed(read.say) }
}

export function queryOf({ target }: RequestView): URLSearchParams {
  const start = target.indexOf('?')
  return new URLSearchParams(start === -1 ? '' : target.slice(start))
}
