import type { Clock } from '../ports/clock.ts'
import { foreignName, isForeignName } from '../ports/revocations.ts'
import type { createTrustedIssuers, TrustedIssuer, TrustedIssuers } from './trusted.ts'

/** All issuers whose tokens are accepted. */
export interface AcceptedIssuers extends TrustedIssuers {
  /**
   * How revocations name an id of an issuer; `undefined` stands for this deployment. Throws a `TypeError` for an issuer
   * whose tokens are not accepted, and for an id of this deployment that has the form of another issuer's name.
   */
  nameOf(id: string, issuer: string | undefined): string
}

const NONE: TrustedIssuers = {
  sources: [],
  introspect: undefined,
  start: () => Promise.resolve(),
  close: () => {},
}

/** Makes the other issuers in the options. The code that fetches keys is loaded only if there are any. */
export async function loadTrustedIssuers(
  issuers: readonly TrustedIssuer[],
  ownIssuer: string,
  clock: Clock,
  notice: (message: string) => void,
): Promise<AcceptedIssuers> {
  const trusted = issuers.length === 0 ? NONE : await load(issuers, ownIssuer, clock, notice)
  return {
    ...trusted,
    nameOf(id, issuer = ownIssuer) {
      if (issuer === ownIssuer) {
        if (!isForeignName(id)) return id
        throw new TypeError('an id must not begin with a URL and a space: name its issuer by "issuer"')
      }
      if (trusted.sources.some((source) => source.issuer === issuer)) return foreignName(issuer, id)
      throw new TypeError('"issuer" must be that of this deployment, or one of the option "issuers"')
    },
  }
}

async function load(...args: Parameters<typeof createTrustedIssuers>): Promise<TrustedIssuers> {
  const trusted = await import('./trusted.ts')
  return trusted.createTrustedIssuers(...args)
}
