import type { Revocation } from '../ports/revocations.ts'

const FAR_AHEAD_MS = 60_000

/** Nobody revokes what is yet to come, but whoever can publish might, and nobody could sign in until then. */
export function isFarAhead(revocation: Revocation, storeTime: number): boolean {
  const until =
    revocation.kind === 'all'
      ? revocation.until
      : revocation.kind === 'subject'
        ? revocation.notBefore * 1000
        : Number.NEGATIVE_INFINITY
  return until > storeTime + FAR_AHEAD_MS
}
