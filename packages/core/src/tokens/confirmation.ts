/** How whoever sends a token proves that it is theirs (RFC 7800, section 3.1): by a signature of this key. */
export interface ConfirmationMethod {
  readonly kind: 'key'
  /** The SHA-256 thumbprint of the key (RFC 7638; RFC 9449, section 6.1). */
  readonly jkt: string
}

/** 32 bytes in base64url, in their only spelling. */
const THUMBPRINT = /^[\w-]{42}[AEIMQUYcgkosw048]$/

/**
 * The method that the claim `cnf` of a token asks for; `undefined` if it asks for something that is not known here. A
 * second method beside a known one counts as not known, since both have to be checked.
 */
export function confirmationIn(cnf: unknown): ConfirmationMethod | undefined {
  if (typeof cnf !== 'object' || cnf === null) return undefined
  const { jkt, ...others }: { readonly jkt?: unknown } = cnf
  if (typeof jkt !== 'string' || !THUMBPRINT.test(jkt) || Object.keys(others).length > 0) return undefined
  return { kind: 'key', jkt }
}
