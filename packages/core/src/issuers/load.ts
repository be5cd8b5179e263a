import type { Clock } from '../ports/clock.ts'
import type { TrustedIssuer, TrustedIssuers } from './trusted.ts'

const NONE: TrustedIssuers = { sources: [], start: () => Promise.resolve(), close: () => {} }

/** Makes the other issuers in the options. The code that fetches keys is loaded only if there are any. */
export async function loadTrustedIssuers(
  issuers: readonly TrustedIssuer[],
  ownIssuer: string,
  clock: Clock,
  notice: (message: string) => void,
): Promise<TrustedIssuers> {
  if (issuers.length === 0) return NONE
  const { createTrustedIssuers } = await import('./trusted.ts')
  return createTrustedIssuers(issuers, ownIssuer, clock, notice)
}
