import { refuseUnknownMembers } from '../../errors.ts'

export type OpenedClaim =
  | { readonly kind: 'opened'; readonly value: unknown }
  /** The claim is not sealed for this audience or for one of these keys, or it was altered. */
  | { readonly kind: 'refused' }

export interface ClaimOpening {
  /** The audience for which the claim must be sealed. */
  readonly audience: string
  /** Private JWKs in any order, including those of earlier rotations. */
  readonly keys: readonly object[]
}

/**
 * Decrypts a claim that was sealed for this audience with the option `claims.sealed`. Rejects with a `ConfigError` if a
 * key is not a private P-256, X25519 or RSA key, and with a `TypeError` for a wrong member of the second argument.
 *
 * Does NOT verify the token that contains the claim: take the claim from `Auth`, or verify the token first.
 *
 * @example
 * ```ts
 * import { type Auth, openClaim, readKeyFile } from '@sallyport/core'
 *
 * const keys = await readKeyFile('/etc/billing/claims.jwk')
 *
 * async function emailOf({ claims }: Auth): Promise<unknown> {
 *   const opened = await openClaim(claims.email, { audience: 'https://billing.example.com', keys })
 *   return opened.kind === 'opened' ? opened.value : undefined
 * }
 * ```
 */
export async function openClaim(claim: unknown, opening: ClaimOpening): Promise<OpenedClaim> {
  refuseUnknownMembers('openClaim', opening, ['audience', 'keys'])
  const { audience, keys } = opening
  if (typeof audience !== 'string' || audience === '')
    throw new TypeError('openClaim: "audience" must be the one for which the claim was sealed')
  if (!Array.isArray(keys))
    throw new TypeError(
      'openClaim: "keys" must be an array of private JWKs, such as readKeyFile() resolves to',
    )
  // Loaded lazily, because few applications seal claims.
  const { decryptClaim, privateKeyOf } = await import('./sealed-claim.ts')
  const privateKeys = await Promise.all(keys.map((key, index) => privateKeyOf(key, `keys.${index}`)))
  const decrypted = await decryptClaim(claim, (kid) => privateKeys.find((key) => key.kid === kid))
  if (decrypted === undefined || decrypted.audience !== audience) return { kind: 'refused' }
  try {
    return {
      kind: 'opened',
      value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(decrypted.plain)),
    }
  } catch {
    return { kind: 'refused' }
  }
}
