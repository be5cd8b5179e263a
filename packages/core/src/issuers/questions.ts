import { createOutage } from '../dependencies/outage.ts'
import { patiently } from '../dependencies/patience.ts'
import { createTurns } from '../dependencies/turns.ts'
import type { Clock } from '../ports/clock.ts'
import { type Discovered, discover } from './discovery.ts'
import { type FetchedDocument, postForm } from './document.ts'

/** How an issuer is asked about its opaque tokens. */
export interface IntrospectionSettings {
  /** The URL of its endpoint, or the URL of the issuer, from which that of its metadata follows. */
  readonly endpoint: { readonly kind: 'given' | 'discovery'; readonly url: URL }
  /** The client as which this deployment asks. */
  readonly clientId: string
  /** The client's secret, or a function that gives it for each question. */
  readonly clientSecret: string | (() => string | PromiseLike<string>)
  /** The time limit for one question, waiting for its turn included. */
  readonly timeoutMs: number
  /** How long an answer is remembered. */
  readonly cacheSeconds: number
}

/** The members of an introspection response (RFC 7662, section 2.2). Only the type of `active` is certain. */
export interface TokenAnswer {
  readonly active: boolean
  readonly [name: string]: unknown
}

export interface Questions {
  /** Asks about a token. `undefined` if no usable answer came in time. Never rejects. */
  ask(token: string): Promise<TokenAnswer | undefined>
  /** Finds the endpoint. Resolves even if the issuer cannot be reached. */
  start(): Promise<void>
  /** Gives up all questions. */
  close(): void
}

const MAX_AT_ONCE = 32
/** The most questions that are under way or wait. Then the next is given up at once. */
const MAX_PENDING = 1000
/** An issuer that fails now and then is told once. */
const QUIET_MS = 60_000
/** Nothing of use is nested deeper, and functions that look through claims recursively get along with it. */
const MAX_LEVELS = 32

const TOO_LATE = { kind: 'failed', reason: 'it did not answer in time' } as const

/**
 * Asks an issuer about tokens (RFC 7662, section 2.1), authenticated by `client_secret_basic`.
 *
 * @param notice gets a message when asking starts to fail, and when it works again
 */
export function createQuestions(
  issuer: string,
  settings: IntrospectionSettings,
  clock: Clock,
  notice: (message: string) => void,
): Questions {
  const { endpoint, clientId, clientSecret, timeoutMs } = settings
  const inTurn = createTurns(MAX_AT_ONCE)
  const underWay = new Set<AbortController>()
  let pending = 0
  /** Whether the last question got no answer in time. */
  let hangs = false
  let closed = false
  let known: URL | undefined = endpoint.kind === 'given' ? endpoint.url : undefined
  let finding: Promise<Discovered> | undefined
  const outage = createOutage({
    back: `the issuer "${issuer}" can be asked about opaque tokens again`,
    quietMs: QUIET_MS,
    now: clock.monotonic,
    notice,
  })

  function fail(reason: string): void {
    if (!closed) outage.failed(`the issuer "${issuer}" cannot be asked about opaque tokens: ${reason}`)
  }

  async function inTime<T>(step: (signal: AbortSignal) => Promise<T>, late: T): Promise<T> {
    const abort = new AbortController()
    underWay.add(abort)
    const answered = patiently(timeoutMs, () => abort.abort())
    const outcome = await Promise.race([step(abort.signal), afterAbort(abort.signal, late)])
    answered()
    underWay.delete(abort)
    return outcome
  }

  async function find(signal: AbortSignal): Promise<Discovered> {
    if (known !== undefined) return { kind: 'found', url: known }
    // Whoever joins later has a later time limit than this one.
    finding ??= discover('introspection_endpoint', issuer, endpoint.url, signal).finally(() => {
      finding = undefined
    })
    const found = await finding
    if (found.kind === 'found') known = found.url
    return found
  }

  /** The secret; `undefined` if the application's function fails, or does not answer in time. */
  async function secret(signal: AbortSignal): Promise<string | undefined> {
    if (typeof clientSecret === 'string') return clientSecret
    try {
      const given: unknown = await Promise.race([clientSecret(), afterAbort(signal, undefined)])
      return typeof given === 'string' && given !== '' ? given : undefined
    } catch {
      return undefined
    }
  }

  async function post(token: string, signal: AbortSignal): Promise<FetchedDocument> {
    // It may have waited too long for its turn.
    if (signal.aborted) return TOO_LATE
    const password = await secret(signal)
    if (password === undefined)
      return { kind: 'failed', reason: '"introspection.clientSecret" gave no secret' }
    const found = await find(signal)
    if (found.kind === 'failed') return found
    const body = new URLSearchParams({ token, token_type_hint: 'access_token' })
    return postForm(found.url, { authorization: basic(clientId, password), body }, signal)
  }

  function postInTurn(token: string, signal: AbortSignal): Promise<FetchedDocument> {
    pending++
    return inTurn(() => post(token, signal)).finally(() => {
      pending--
    })
  }

  return {
    async ask(token) {
      // To an issuer that hangs, one question at a time is let through.
      if (closed || pending >= MAX_PENDING || (hangs && pending > 0)) return undefined
      const document = await inTime<FetchedDocument>((signal) => postInTurn(token, signal), TOO_LATE)
      hangs = document === TOO_LATE
      const answer = document.kind === 'read' ? readAnswer(document.json) : undefined
      if (answer !== undefined) outage.served()
      else fail(document.kind === 'read' ? 'its answer is no introspection response' : document.reason)
      // The endpoint may have moved.
      if (answer === undefined && endpoint.kind === 'discovery') known = undefined
      return answer
    },
    async start() {
      const found = await inTime<Discovered>(find, TOO_LATE)
      if (found.kind === 'failed') fail(found.reason)
    },
    close() {
      closed = true
      for (const abort of underWay) abort.abort()
    },
  }
}

/** RFC 6749, section 2.3.1: both are form-urlencoded first, so that a colon is only between them. */
function basic(clientId: string, clientSecret: string): string {
  const encoded = [clientId, clientSecret].map((one) => new URLSearchParams({ '': one }).toString().slice(1))
  return `Basic ${Buffer.from(encoded.join(':')).toString('base64')}`
}

function afterAbort<T>(signal: AbortSignal, value: T): Promise<T> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(value), { once: true }))
}

function readAnswer(json: unknown): TokenAnswer | undefined {
  return isAnswer(json) && isShallow(json) ? json : undefined
}

function isAnswer(json: unknown): json is TokenAnswer {
  return typeof Object(json).active === 'boolean'
}

function isShallow(json: object): boolean {
  let level: readonly unknown[] = [json]
  for (let depth = 0; depth < MAX_LEVELS && level.length > 0; depth++)
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []))
  return level.length === 0
}
