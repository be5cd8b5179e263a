import type { SallyportEvent, SallyportOptions, SignIn, StepUp } from '@sallyport/core'
import type { Gate } from '@sallyport/core/adapter'
import type { TestClock } from '../clock.ts'
import { uniqueName } from '../system.ts'
import { type Client, callerOf, heldAfter, type TestCaller } from './caller.ts'
import { bodyOf, fieldOf, type Headers, viewOf } from './exchange.ts'
import { createHolder, type Holder } from './holder.ts'

/** What a test may want of a caller, besides what `signIn` of the library takes. Everything may be left out. */
export interface TestSignIn extends Omit<SignIn, 'subject' | 'crossSite'> {
  /**
   * What is wrong with the access token. Default: nothing.
   *
   * - `expired`, `not_yet_valid`: issued in the past, or five minutes in the future
   * - `wrong_audience`: by the same keys, for another API
   * - `wrong_issuer`: of another deployment, with keys of its own
   * - `forged`: with a signature that does not fit
   * - `revoked`: its session was revoked
   */
  readonly token?: TokenFault | undefined
  /** What the user has proved since the sign-in. Default: nothing more. */
  readonly steppedUp?: StepUp | undefined
  /** Whether the tokens are bound to a key (RFC 9449), for which the option `dpop` must be on. Default false. */
  readonly dpop?: boolean | undefined
  /** How the refresh token travels: in a cookie, or, as for native apps, in the body. Default `cookie`. */
  readonly transport?: 'cookie' | 'body' | undefined
  /** Whether the sign-in has an `Idempotency-Key`, which makes the session a keyed one. Default false. */
  readonly keyed?: boolean | undefined
  /** Default: a Chrome on Windows. */
  readonly userAgent?: string | undefined
}

export type TokenFault =
  | 'expired'
  | 'not_yet_valid'
  | 'wrong_audience'
  | 'wrong_issuer'
  | 'forged'
  | 'revoked'

const USER_AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'

export interface SignInParts {
  readonly gate: Gate
  readonly options: SallyportOptions
  readonly clock: TestClock
  /** Calls back with each event. Returns a function that ends that. */
  on(listener: (event: SallyportEvent) => void): () => void
}

/** Signs a user in at one deployment, by the step that its application takes. */
export async function signInAt(
  { gate, options, clock, on }: SignInParts,
  subject: string,
  wanted: Omit<TestSignIn, 'token'>,
): Promise<TestCaller> {
  const { steppedUp, dpop = false, transport, keyed = false, userAgent = USER_AGENT, ...signIn } = wanted
  const origin = new URL(options.issuer ?? 'http://localhost')
  const holder = dpop ? await createHolder(clock) : undefined
  const provenOrigin = originOfProofs(options, origin)
  const identity: Headers = { 'user-agent': userAgent, 'sec-fetch-site': 'same-origin' }
  const id = uniqueName()
  const once: Headers = {
    'x-request-id': id,
    ...(transport === 'body' ? { 'x-token-transport': 'body' } : {}),
    ...(keyed ? { 'idempotency-key': uniqueName() } : {}),
  }

  const url = new URL('/sign-in', holder === undefined ? origin : provenOrigin)
  const started: string[] = []
  const off = on((event) => {
    if (event.event === 'session.started' && event.request_id === id) started.push(event.sid)
  })
  const ask = async (nonce: string | undefined) => {
    const headers = { ...identity, ...once, ...(await proofAt(url, holder, nonce)) }
    return gate.signIn(viewOf({ method: 'POST', url, headers }), { subject, ...signIn })
  }
  const first = await ask(undefined)
  const needsNonce = bodyOf(first).error === 'use_dpop_nonce'
  const answer = needsNonce ? await ask(fieldOf(first, 'dpop-nonce')) : first
  off()

  const held = heldAfter(`the sign-in of "${subject}"`, answer)
  const [session = ''] = started
  const client: Client = { subject, session, gate, origin, provenOrigin, identity, holder, needsNonce }
  const caller = callerOf(client, held)
  return steppedUp === undefined ? caller : caller.stepUp(steppedUp)
}

async function proofAt(url: URL, holder: Holder | undefined, nonce: string | undefined): Promise<Headers> {
  return holder === undefined ? {} : { dpop: await holder.proof({ method: 'POST', url, nonce }) }
}

/** Tests reach the application over http, at a port that nobody knows in advance. So its host is a name of our own. */
function originOfProofs({ dpop }: SallyportOptions, { host }: URL): URL {
  const [given] = (typeof dpop === 'object' ? dpop.origins : undefined) ?? []
  return new URL(given ?? `http://${host}`)
}
