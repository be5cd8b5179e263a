import type { JWK } from 'jose'

/** The members that make a JWK private (RFC 7518, sections 6.2.2 and 6.3.2; RFC 8037, section 2). */
export const PRIVATE_JWK_MEMBERS: readonly string[] = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth']

/** A JWK without its private members. */
export function publicPart(jwk: JWK): JWK {
  return Object.fromEntries(Object.entries(jwk).filter(([name]) => !PRIVATE_JWK_MEMBERS.includes(name)))
}
