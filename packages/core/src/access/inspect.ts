import type { Clock } from '../ports/clock.ts'
import type { Sender } from '../seam/caller.ts'
import { timesOf, type VerifiedToken, type VerifyToken } from '../tokens/verify.ts'
import type { Tally } from '../watch/metrics/tally.ts'
import { createAuthReader, KnownToken } from './known-token.ts'
import { createTokenCache, type TokenCacheSettings, tailOf } from './token-cache.ts'

/** What is known about a token, apart from whether it was revoked. */
export type Inspection =
  | { readonly kind: 'genuine' | 'expired'; readonly token: KnownToken }
  /** The token was not read, because this sender sent too many unknown tokens. */
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number }
  | Exclude<VerifiedToken, { readonly claims: unknown }>

/** Asked before an unknown token is verified. Returns the seconds to wait, or 0 to continue. */
export type InspectionLimit = (sender: Sender) => number | Promise<number>

/**
 * Inspects a token. A token that was found genuine before is not verified again.
 *
 * @param limit default: the option `limits.signatures`
 */
export type Inspect = (
  token: string,
  sender: Sender,
  limit?: InspectionLimit,
) => Inspection | Promise<Inspection>

export interface InspectionParts {
  readonly verifyToken: VerifyToken
  readonly signatureLimit: InspectionLimit
  readonly cache: TokenCacheSettings
  readonly tally: Tally
  readonly clock: Clock
}

export function createInspection(parts: InspectionParts): Inspect {
  const { verifyToken, signatureLimit, cache, tally, clock } = parts

  const known = createTokenCache<KnownToken>(cache, clock)
  const authOf = createAuthReader()
  const underWay = new Map<string, { readonly token: string; readonly inspection: Promise<Inspection> }>()

  /** Whether the key or the token may have been withdrawn since. Only other issuers do so without announcing it. */
  function isOutdated({ source, genuineUntil }: KnownToken): boolean {
    return !source.own && clock.monotonic() >= genuineUntil
  }

  /** Concurrent requests with the same new token share one check of its signature. */
  function inspectNew(
    token: string,
    sender: Sender,
    limit: InspectionLimit,
  ): Inspection | Promise<Inspection> {
    const running = runningFor(token)
    if (running !== undefined) return running
    const waitSeconds = limit(sender)
    return waitSeconds instanceof Promise
      ? waitSeconds.then((seconds) => runningFor(token) ?? inspectUnlessLimited(token, seconds))
      : inspectUnlessLimited(token, waitSeconds)
  }

  function runningFor(token: string): Promise<Inspection> | undefined {
    const running = underWay.get(tailOf(token))
    return running?.token === token ? running.inspection : undefined
  }

  function inspectUnlessLimited(token: string, retryAfterSeconds: number): Inspection | Promise<Inspection> {
    if (retryAfterSeconds > 0) return { kind: 'limited', retryAfterSeconds }
    const verified = verifyToken(token)
    if (!(verified instanceof Promise)) return remember(token, verified)
    const tail = tailOf(token)
    const inspection = verified.then(
      (result) => {
        underWay.delete(tail)
        return remember(token, result)
      },
      (cause) => {
        underWay.delete(tail)
        throw cause
      },
    )
    underWay.set(tail, { token, inspection })
    return inspection
  }

  function remember(token: string, verified: VerifiedToken): Inspection {
    if (verified.kind !== 'genuine' && verified.kind !== 'expired') return verified
    const made = new KnownToken(token, authOf(verified), verified.source, clock.monotonic())
    // An expired one too: it is refused again and again by the clock, without a look at its signature.
    known.add(made)
    return { kind: verified.kind, token: made }
  }

  return (token, sender, limit = signatureLimit) => {
    const found = known.get(token)
    if (found === undefined || isOutdated(found)) {
      tally.inspected++
      return inspectNew(token, sender, limit)
    }
    tally.recalled++
    found.lookedAt = clock.now()
    switch (timesOf(found.claims, found.source, found.lookedAt)) {
      case 'good':
        return { kind: 'genuine', token: found }
      case 'early':
        // Of an API key the store has a record, so it was made, by whatever clock.
        return found.auth.credential === 'api_key' ? { kind: 'genuine', token: found } : { kind: 'early' }
      case 'over':
        // Of an API key, it is time to read the record again.
        return found.auth.credential === 'api_key'
          ? inspectNew(token, sender, limit)
          : { kind: 'expired', token: found }
    }
  }
}
