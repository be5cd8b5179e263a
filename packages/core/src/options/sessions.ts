import * as v from 'valibot'
import type { SignatureLimit } from '../access/signature-limit.ts'
import { ConfigError, describeValue } from '../errors.ts'
import type { SessionSettings } from '../sessions/settings.ts'
import type { WithAccess } from './access.ts'
import { callable, type Entries, group, type Room, room, string, wholeNumber } from './values/schema.ts'

/** Sessions, their lifetimes and limits. */
export interface WithSessions {
  readonly refresh?: RefreshOptions | undefined
  readonly limits?: LimitOptions | undefined
  readonly clients?: ClientOptions | undefined
}

export interface RefreshOptions {
  /**
   * How long a session lives without a refresh, in seconds: 1 to `absoluteSeconds`. Default 604,800 (7 days), or
   * `absoluteSeconds` if that is less.
   */
  readonly idleSeconds?: number | undefined
  /** How long a session lives in total, in seconds. Default 2,592,000 (30 days), which is also the maximum. */
  readonly absoluteSeconds?: number | undefined
  /**
   * How long the previous refresh token still gets the current one, whoever presents it, in seconds, so that racing tabs
   * agree. A client that sends an `Idempotency-Key` needs no grace and has none. Default 10; at most 60. With 0, a token
   * is exchanged once; only a repetition with the key of that attempt gets the same again.
   */
  readonly graceSeconds?: number | undefined
}

export interface LimitOptions {
  /**
   * The most sessions that one user may have at once. Beyond it, the session that was refreshed longest ago ends.
   * Default 100; at most 1,000; 0 for no limit.
   */
  readonly sessions?: number | undefined
  /**
   * The most refreshes that one user may make in a window: `count` up to 1,000,000, or 0 for no limit; `windowSeconds`
   * from 1 to 86,400 (1 day), default 3,600. Beyond it, a refresh is answered 429. Default: 1,000 an hour.
   */
  readonly refreshes?: { readonly count: number; readonly windowSeconds?: number | undefined } | undefined
  /**
   * The most refreshes of one user that a process works on at once. Beyond it, a refresh is answered 429. Default 100; at
   * most 10,000; 0 for no limit.
   */
  readonly refreshesAtOnce?: number | undefined
  /**
   * How often one generation may be handed to holders of the previous refresh token. Beyond it, a refresh is answered
   * 429. Default 100; at most 65,535; 0 for no limit.
   */
  readonly converged?: number | undefined
  /**
   * Limits how many unknown access tokens a caller may send: see {@link SignatureLimit}. It gets the address and the
   * User-Agent of the sender. Default: no limit.
   */
  readonly signatures?: SignatureLimit | undefined
}

/** The `client_id` of sessions whose sign-in names none, by how their refresh token travels. */
export interface ClientOptions {
  /** For tokens in the cookie. Default `web`. */
  readonly cookie?: string | undefined
  /** For tokens in bodies. Default `native`. */
  readonly body?: string | undefined
}

export interface SessionsSettings {
  readonly sessions: SessionSettings
  readonly signatureLimit: SignatureLimit | undefined
}

const HOUR = 3600
const DAY = 24 * HOUR
const MAX_SESSION_SECONDS = 30 * DAY
const client = string(/^[\x21-\x7e]{1,255}$/, '1 to 255 printable ASCII characters')

const entries = {
  refresh: v.optional(
    group({
      idleSeconds: v.optional(wholeNumber(1, MAX_SESSION_SECONDS)),
      absoluteSeconds: v.optional(wholeNumber(1, MAX_SESSION_SECONDS), MAX_SESSION_SECONDS),
      graceSeconds: v.optional(wholeNumber(0, 60), 10),
    }),
    {},
  ),
  limits: v.optional(
    group({
      sessions: v.optional(wholeNumber(0, 1000), 100),
      refreshes: v.optional(
        group({
          count: wholeNumber(0, 1_000_000),
          windowSeconds: v.optional(wholeNumber(1, DAY), HOUR),
        }),
        { count: 1000 },
      ),
      refreshesAtOnce: v.optional(wholeNumber(0, 10_000), 100),
      converged: v.optional(wholeNumber(0, 65_535), 100),
      signatures: v.optional(callable<SignatureLimit>('a function')),
    }),
    {},
  ),
  clients: v.optional(group({ cookie: v.optional(client, 'web'), body: v.optional(client, 'native') }), {}),
} satisfies Entries<WithSessions>

type Parsed = v.InferOutput<v.ObjectSchema<typeof entries, undefined>>

export const sessionsRoom: Room<SessionsSettings> = room(entries, (parsed, _production, given) => {
  refuseContradictions(parsed, given)
  const { refresh, limits, clients } = parsed
  const idleSeconds = refresh.idleSeconds ?? Math.min(7 * DAY, refresh.absoluteSeconds)
  return {
    sessions: {
      lifetimes: { idleMs: idleSeconds * 1000, absoluteMs: refresh.absoluteSeconds * 1000 },
      graceMs: refresh.graceSeconds * 1000,
      sessionLimit: limits.sessions,
      refreshLimit: {
        count: limits.refreshes.count,
        windowMs: limits.refreshes.windowSeconds * 1000,
      },
      convergedLimit: limits.converged,
      refreshesAtOnce: limits.refreshesAtOnce,
      clients,
    },
    signatureLimit: limits.signatures,
  }
})

/** @param given all options, of which `access` was checked before */
function refuseContradictions({ refresh }: Parsed, { access }: WithAccess): void {
  const { idleSeconds, absoluteSeconds } = refresh
  const atMost = `at most "refresh.absoluteSeconds" (${absoluteSeconds})`
  if (idleSeconds !== undefined && idleSeconds > absoluteSeconds)
    throw new ConfigError('refresh.idleSeconds', atMost, describeValue(idleSeconds))
  // A default is cut to the life of the session. One that was chosen would never be what it says.
  if (access?.ttlSeconds !== undefined && access.ttlSeconds > absoluteSeconds)
    throw new ConfigError('access.ttlSeconds', atMost, describeValue(access.ttlSeconds))
}
