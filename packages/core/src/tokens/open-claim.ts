export type OpenedClaim =
  | { readonly kind: 'opened'; readonly value: unknown }
  /** Not for this audience or key, or not as it was written. */
  | { readonly kind: 'refused' }

export interface ClaimOpening {
  /** Whom the claim must be sealed for. */
  readonly audience: string
  /** Private JWKs, in any order: those of earlier rotations too. */
  readonly keys: readonly object[]
}

/**
 * Reads a claim that was sealed for this audience (option `claims.sealed`). Throws a `ConfigError` for keys that are
 * no private keys of such a kind.
 */
export async function openClaim(claim: unknown, { audience, keys }: ClaimOpening): Promise<OpenedClaim> {
  // Who seals and opens nothing does not load what it takes.
  const { decryptClaim, privateKeyOf } = await import('./sealed-claim.ts')
  const known = await Promise.all(keys.map((key, index) => privateKeyOf(key, `keys.${index}`)))
  const opened = await decryptClaim(claim, (kid) => known.find((one) => one.kid === kid))
  if (opened === undefined || opened.audience !== audience) return { kind: 'refused' }
  try {
    return {
      kind: 'opened',
      value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(opened.plain)),
    }
  } catch {
    return { kind: 'refused' }
  }
}
