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
import { judge, type ReadStream } from './judge.ts'
import { messageOf } from './message.ts'
import type { Told } from './push.ts'

const MOST = 100
/** Among so many that wait, a paused stream finds the message that says so. */
const MOST_HELD = 1000
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
  /** The id of the stream. */
  readonly id: string
  readonly read: ReadStream
  /** The receiver has been told of the status of its stream by this update. Resolves to whether that is noted. */
  readonly told: Told
  readonly receiver: PollReceiver
  readonly issuer: string
  readonly sign: SignStatement
  readonly waits: Waits
}

/** Answers a receiver that comes and asks (RFC 8936, section 2). */
export type AnswerPoll = (view: RequestView) => Promise<Answer>

export function createPollAnswers(parts: PollParts): AnswerPoll {
  const { receiver, issuer, sign, waits } = parts

  type Read = Extract<PollReading, { readonly kind: 'read' }>
  type Given =
    | { readonly kind: 'given'; readonly sets: Readonly<Record<string, string>>; readonly more: boolean }
    | { readonly kind: 'unavailable'; readonly of: 'store' | 'key' }

  /** `held`: the stream is paused, and the message that says so may be further back. */
  async function give({ messages, more }: Read): Promise<Given | { readonly kind: 'held' }> {
    const state = await parts.read(messages)
    if (state.kind === 'unavailable') return { kind: 'unavailable', of: 'store' }
    const sets: Record<string, string> = {}
    const others: string[] = []
    let isHeld = false
    for (const message of messages) {
      const verdict = judge(message, state, issuer)
      if (verdict.kind === 'skip') others.push(message.id)
      if (verdict.kind === 'hold') isHeld = true
      if (verdict.kind !== 'send') continue
      const signed = await sign('secevent+jwt', verdict.content)
      if (signed.kind === 'unsigned') return { kind: 'unavailable', of: 'key' }
      sets[verdict.content.jti] = signed.jwt
      if (verdict.tells && !(await parts.told(state.stream?.update)))
        return { kind: 'unavailable', of: 'store' }
    }
    const passed = await receiver.acknowledge(others)
    if (passed.kind === 'unavailable') return { kind: 'unavailable', of: 'store' }
    if (isHeld && state.stream?.isUntold === true && messages.length < MOST_HELD && more)
      return { kind: 'held' }
    return { kind: 'given', sets, more: more && !isHeld }
  }

  async function giveSome(most: number): Promise<Given> {
    const reading = await receiver.read(most)
    if (reading.kind === 'unavailable') return { kind: 'unavailable', of: 'store' }
    const given = await give(reading)
    return given.kind === 'held' ? giveSome(MOST_HELD) : given
  }

  async function next(most: number, waitMs: number): Promise<Given> {
    const until = now() + waitMs
    for (;;) {
      const given = await giveSome(most)
      const isNews = given.kind !== 'given' || given.more || Object.keys(given.sets).length > 0
      if (isNews || now() >= until || waits.isOver()) return given
      await waits.wait(LOOK_EVERY_MS)
      const state = await parts.read([])
      if (state.kind === 'read' && state.stream === undefined) return { kind: 'given', sets: {}, more: false }
    }
  }

  async function settle(ack: readonly string[], refused: ReadonlyMap<string, string>): Promise<boolean> {
    const taken = ack.flatMap((jti) => messageOf(jti, parts) ?? [])
    const outcomes = [await receiver.acknowledge(taken)]
    for (const [jti, err] of refused) {
      const id = messageOf(jti, parts)
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
