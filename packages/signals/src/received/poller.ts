import type { Caller, StatementReader } from '@sallyport/core/adapter'
import * as v from 'valibot'
import { readJson } from '../answers.ts'
import { recordOf } from '../shapes.ts'
import { now } from '../system.ts'
import type { Waits } from '../waits.ts'
import type { SetFault } from './fault.ts'
import type { TakeSet } from './take.ts'

/** Where a transmitter is asked for its signals (RFC 8936). */
export interface PollEndpoint {
  readonly url: string
  /** The value of the `Authorization` header, or a function that finds it for each request; `undefined`: there is none. */
  readonly authorization: string | (() => string | PromiseLike<string>) | undefined
}

export interface PollerParts {
  readonly endpoint: PollEndpoint
  readonly reader: StatementReader
  readonly take: TakeSet
  readonly callers: { unknown(): Caller }
  /** Tells that a token was refused. */
  readonly refused: (why: string, caller: Caller) => void
  readonly waits: Waits
  readonly notice: (message: string) => void
}

/** For so long one process asks on behalf of all. Then each tries to be the next. */
const TURN_MS = 30_000
/** A request may be kept waiting for so long. */
const ANSWER_MS = 25_000
const MOST_SETS = 50
const MAX_ANSWER_BYTES = 1024 * 1024
const FIRST_PAUSE_MS = 1000
const MAX_PAUSE_MS = 60_000
/** A transmitter that does not wait for news is not asked without a pause. */
const AT_LEAST_MS = 1000

const answerSchema = v.looseObject({
  sets: v.optional(recordOf(v.string()), {}),
  moreAvailable: v.optional(v.boolean(), false),
})
type PollAnswer = v.InferOutput<typeof answerSchema>

/** What the transmitter is told of the tokens that it sent last. */
interface Verdicts {
  readonly ack: readonly string[]
  readonly setErrs: Readonly<Record<string, SetFault>>
}
const NONE: Verdicts = { ack: [], setErrs: {} }

/** RFC 8936, section 2.2. */
interface PollRequest extends Verdicts {
  readonly maxEvents: number
  readonly returnImmediately: boolean
}

/** Asks a transmitter for signals until `waits` are over. Of several processes, one at a time does. */
export function startPolling(parts: PollerParts): void {
  const { endpoint, reader, take, callers, refused, waits, notice } = parts
  let failures = 0
  let most = MOST_SETS

  async function run(): Promise<void> {
    while (!waits.isOver()) {
      const turn = Math.floor(now() / TURN_MS)
      const endsAt = (turn + 1) * TURN_MS
      const claimed = await reader.mark(`turn ${turn} at ${endpoint.url}`, endsAt / 1000)
      if (claimed.kind === 'first') await work(endsAt)
      else await waits.wait(claimed.kind === 'seen' ? endsAt - now() : FIRST_PAUSE_MS)
    }
  }

  /** Asks until the end of the turn; then tells the transmitter about the last tokens. */
  async function work(endsAt: number): Promise<void> {
    let verdicts = NONE
    while (!waits.isOver() && now() < endsAt) {
      const startedAt = now()
      const answer = await ask({ ...verdicts, maxEvents: most, returnImmediately: false })
      if (answer === undefined) {
        await waits.wait(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 6)))
        continue
      }
      const taken = await takeAll(answer)
      verdicts = taken.verdicts
      const { length } = Object.keys(answer.sets)
      // What was too much at once has been fetched.
      if (length < most) most = MOST_SETS
      const isIdle = length === 0 || taken.isShort
      if (isIdle) await waits.wait(startedAt + AT_LEAST_MS - now())
    }
    if (verdicts.ack.length > 0 || Object.keys(verdicts.setErrs).length > 0)
      await ask({ ...verdicts, maxEvents: 0, returnImmediately: true })
  }

  /** `isShort`: some could not be judged now, and come again since they are not acknowledged. */
  async function takeAll({ sets }: PollAnswer): Promise<{ verdicts: Verdicts; isShort: boolean }> {
    const ack: string[] = []
    const setErrs: Record<string, SetFault> = {}
    let isShort = false
    for (const [jti, jwt] of Object.entries(sets)) {
      const caller = callers.unknown()
      const taken = await take(jwt, [reader], caller).catch(() => ({ kind: 'unavailable' }) as const)
      if (taken.kind === 'taken') ack.push(jti)
      else if (taken.kind === 'unavailable') isShort = true
      else {
        setErrs[jti] = taken.fault
        refused(`signal_${taken.why}`, caller)
      }
    }
    return { verdicts: { ack, setErrs }, isShort }
  }

  async function ask(request: PollRequest): Promise<PollAnswer | undefined> {
    try {
      const answer = await post(endpoint, request, waits.signal)
      if (failures > 0) notice(`signals can be asked for again at ${new URL(endpoint.url).host}`)
      failures = 0
      return answer
    } catch (cause) {
      // It kept the request waiting, as it may. What it was told it may not have heard, and so sends once more.
      if (Object(cause).name === 'TimeoutError') return { sets: {}, moreAvailable: false }
      // Tokens may be long. Fewer of them are asked for, or else the same answer would come for ever.
      if (cause instanceof TooLong) most = Math.max(1, Math.floor(most / 2))
      if (failures++ === 0 && !waits.isOver())
        notice(`signals cannot be asked for at ${new URL(endpoint.url).host}: ${reasonOf(cause)}`)
      return undefined
    }
  }

  void run()
}

/** The transmitter's answer is no use. */
class UnusableAnswer extends Error {}
class TooLong extends UnusableAnswer {}

async function post(
  { url, authorization }: PollEndpoint,
  request: PollRequest,
  closing: AbortSignal,
): Promise<PollAnswer> {
  const credentials = typeof authorization === 'function' ? await authorization() : authorization
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/json',
      // The language of the descriptions (RFC 8936, section 2.6).
      ...(Object.keys(request.setErrs).length > 0 && { 'Content-Language': 'en' }),
      ...(credentials === undefined ? {} : { Authorization: credentials }),
    },
    body: JSON.stringify(request),
    redirect: 'manual',
    signal: AbortSignal.any([closing, AbortSignal.timeout(ANSWER_MS)]),
  })
  if (answer.status !== 200 || answer.body === null) {
    await answer.body?.cancel()
    throw new UnusableAnswer(`it answered ${answer.status}`)
  }
  const json = await readJson(answer.body, MAX_ANSWER_BYTES).catch((cause: unknown) => {
    throw cause instanceof RangeError ? new TooLong('its answer is too long') : cause
  })
  const parsed = v.safeParse(answerSchema, json)
  if (!parsed.success) throw new UnusableAnswer('its answer has another form')
  return parsed.output
}

/** Other errors may repeat what the server sent, or the credentials. */
function reasonOf(cause: unknown): string {
  return cause instanceof UnusableAnswer ? cause.message : 'it cannot be reached'
}
