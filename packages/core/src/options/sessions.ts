import * as v from 'valibot'
import type { SignatureLimit } from '../access/signature-limit.ts'
import type { SessionSettings } from '../sessions/settings.ts'
import { callable, group, oneOf, parse, string, wholeNumber } from './schema.ts'

export interface RefreshOptions {
  /** Seconds that a session lives without a refresh. Default 604,800 (7 days); at most 2,592,000 (30 days). */
  readonly idleSeconds?: number | undefined
  /** Seconds that a session lives in all. Default and at most 2,592,000 (30 days). */
  readonly absoluteSeconds?: number | undefined
  /** Seconds in which the previous refresh token still converges on the current one. Default 10; at most 60; 0 turns it off. */
  readonly graceSeconds?: number | undefined
  /**
   * Whether the previous refresh token also converges while its successor was never seen in use, since the answer may
   * have been lost. Default `recover`. With `refuse` and `graceSeconds: 0` a token works exactly once.
   */
  readonly lostResponse?: 'recover' | 'refuse' | undefined
}

export interface LimitOptions {
  /** Sessions that one user may have at once. Over it, the one refreshed longest ago ends. Default 0: no limit. */
  readonly sessions?: number | undefined
  /** Refreshes that one user may make in a window. Default: no limit. */
  readonly refreshes?: { readonly count: number; readonly windowSeconds: number } | undefined
  /** Answers that one generation gives to holders of the previous refresh token. Default 0: no limit. */
  readonly converged?: number | undefined
  /**
   * Asked before an access token is verified that this process has not found genuine yet, with the address and the
   * User-Agent that sent it. Gives the seconds after which to come again (429), or 0 to go on. A promise of them costs
   * more than a number. Default: no limit.
   */
  readonly signatures?: SignatureLimit | undefined
}

/** `client_id` of sessions whose sign-in names none, by how their refresh token travels. */
export interface ClientOptions {
  /** Default `web`. */
  readonly cookie?: string | undefined
  /** Default `native`. */
  readonly body?: string | undefined
}

export interface SessionsSettings {
  readonly sessions: SessionSettings
  readonly signatureLimit: SignatureLimit | undefined
}

const DAY = 86_400
const MAX_SESSION_SECONDS = 30 * DAY
const client = string(/^[\x21-\x7e]{1,255}$/, '1 to 255 printable ASCII characters')

const schema = v.object({
  refresh: v.optional(
    group({
      idleSeconds: v.optional(wholeNumber(1, MAX_SESSION_SECONDS), 7 * DAY),
      absoluteSeconds: v.optional(wholeNumber(1, MAX_SESSION_SECONDS), MAX_SESSION_SECONDS),
      graceSeconds: v.optional(wholeNumber(0, 60), 10),
      lostResponse: v.optional(oneOf('recover', 'refuse'), 'recover'),
    }),
    {},
  ),
  limits: v.optional(
    group({
      sessions: v.optional(wholeNumber(0, 10_000), 0),
      refreshes: v.optional(group({ count: wholeNumber(1, 1_000_000), windowSeconds: wholeNumber(1, DAY) })),
      converged: v.optional(wholeNumber(0, 65_535), 0),
      signatures: v.optional(callable<SignatureLimit>('a function')),
    }),
    {},
  ),
  clients: v.optional(group({ cookie: v.optional(client, 'web'), body: v.optional(client, 'native') }), {}),
})

export function parseSessions(given: object, accessSeconds: number): SessionsSettings {
  const { refresh, limits, clients } = parse(schema, given)
  return {
    sessions: {
      lifetimes: { idleMs: refresh.idleSeconds * 1000, absoluteMs: refresh.absoluteSeconds * 1000 },
      graceMs: refresh.graceSeconds * 1000,
      recoverLost: refresh.lostResponse === 'recover',
      sessionLimit: limits.sessions,
      refreshLimit: {
        count: limits.refreshes?.count ?? 0,
        windowMs: (limits.refreshes?.windowSeconds ?? 0) * 1000,
      },
      convergedLimit: limits.converged,
      clients,
      accessSeconds,
    },
    signatureLimit: limits.signatures,
  }
}
