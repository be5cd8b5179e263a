import {
  type Answer,
  jsonAnswer,
  type PollReading,
  type PollReceiver,
  type RequestView,
  readJsonObject,
  refusal,
  type SignStatement,
} from '@sallyport/core/adapter'
import * as v from 'valibot'
import { recordOf } from '../shapes.ts'
import { now } from '../system.ts'
import type { Waits } from '../waits.ts'
import { contentOf, messageOf } from './message.ts'
import type { Stream } from './stream.ts'

const MOST = 100
/** How long a request is kept waiting for something new, and how often it is looked for. */
const WAIT_MS = 20_000
const LOOK_EVERY_MS = 1000

const ids = v.pipe(v.array(v.string()), v.maxLength(1000))
const refusedSet = v.looseObject({ err: v.string() })
const requestSchema = v.looseObject({
  maxEvents: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), MOST),
  returnImmediately: v.optional(v.boolean(), false),
  ack: v.optional(ids, []),
  setErrs: v.optional(recordOf(refusedSet), {}),
})

export interface PollParts {
  readonly issuer: string
  readonly sign: SignStatement
  readonly waits: Waits
}

/** Answers a receiver that comes and asks (RFC 8936, section 2). */
export type AnswerPoll = (view: RequestView) => Promise<Answer>

export function createPollAnswers(
  stream: Stream,
  receiver: PollReceiver,
  { issuer, sign, waits }: PollParts,
): AnswerPoll {
  type Given =
    | { readonly kind: 'given'; readonly sets: Readonly<Record<string, string>>; readonly more: boolean }
    | { readonly kind: 'unavailable'; readonly of: 'store' | 'key' }

  async function give(reading: Extract<PollReading, { readonly kind: 'read' }>): Promise<Given> {
    const sets: Record<string, string> = {}
    const others: string[] = []
    for (const message of reading.messages) {
      const content = contentOf(message, stream, issuer)
      if (content?.jti === undefined) {
        others.push(message.id)
        continue
      }
      const signed = await sign('secevent+jwt', content)
      if (signed.kind === 'unsigned') return { kind: 'unavailable', of: 'key' }
      sets[content.jti] = signed.jwt
    }
    const passed = await receiver.acknowledge(others)
    return passed.kind === 'unavailable'
      ? { kind: 'unavailable', of: 'store' }
      : { kind: 'given', sets, more: reading.more }
  }

  async function next(most: number, waitMs: number): Promise<Given> {
    const until = now() + waitMs
    for (;;) {
      const reading = await receiver.read(most)
      if (reading.kind === 'unavailable') return { kind: 'unavailable', of: 'store' }
      const given = await give(reading)
      const isNews = given.kind !== 'given' || given.more || Object.keys(given.sets).length > 0
      if (isNews || now() >= until || waits.isOver()) return given
      await waits.wait(LOOK_EVERY_MS)
    }
  }

  async function settle(ack: readonly string[], refused: ReadonlyMap<string, string>): Promise<boolean> {
    const taken = ack.flatMap((jti) => messageOf(jti, stream) ?? [])
    const outcomes = [await receiver.acknowledge(taken)]
    for (const [jti, err] of refused) {
      const id = messageOf(jti, stream)
      if (id !== undefined) outcomes.push(await receiver.refuse(id, /^\w{1,64}$/.test(err) ? err : 'refused'))
    }
    return outcomes.every(({ kind }) => kind === 'acknowledged')
  }

  return async (view) => {
    const body = await readJsonObject(view)
    if (body.kind === 'refused') return refusal(body.problem)
    const request = v.safeParse(requestSchema, body.value)
    if (!request.success) return refusal('body_malformed')
    const { maxEvents, returnImmediately, ack, setErrs } = request.output
    const refused = new Map(Object.entries(setErrs).map(([jti, { err }]) => [jti, err]))
    if (!(await settle(ack, refused))) return refusal('store_unavailable')
    if (maxEvents === 0 && returnImmediately) return jsonAnswer(200, { sets: {} })
    const given = await next(Math.min(maxEvents || 1, MOST), returnImmediately ? 0 : WAIT_MS)
    if (given.kind === 'unavailable')
      return refusal(given.of === 'store' ? 'store_unavailable' : 'key_unavailable')
    // Who wants nothing is kept waiting all the same (RFC 8936, section 2.4.2).
    if (maxEvents === 0) {
      const isThere = given.more || Object.keys(given.sets).length > 0
      return jsonAnswer(200, { sets: {}, ...(isThere && { moreAvailable: true }) })
    }
    return jsonAnswer(200, { sets: given.sets, ...(given.more && { moreAvailable: true }) })
  }
}
