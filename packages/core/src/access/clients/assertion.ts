import type { StatementKind } from '../../issuers/statements.ts'
import type { OnceOutcome } from '../../ports/optional/once.ts'
import type { Unavailable } from '../../ports/outcome.ts'
import type { StatementReading } from '../../tokens/statements/verify.ts'

/** Verifies what one client asserts, by its keys. See `Statements.from`. */
export interface AssertionReader {
  verify(jwt: string): Promise<StatementReading>
  mark(jti: string, usableUntil: number): Promise<OnceOutcome>
}

/** What assertions of a client must be (RFC 7523, section 3), apart from who it is and for whom they are. */
export function assertionKind(): StatementKind {
  return {
    kind: 'client assertion',
    types: new Set(['jwt', 'client-authentication+jwt', undefined]),
    maxAgeSeconds: 300,
    expiry: 'required',
  }
}

/** As the metadata names them. */
export const ASSERTION_ALGORITHMS: readonly string[] = ['EdDSA', 'Ed25519', 'ES256', 'PS256', 'RS256']

export type AssertionVerdict =
  | { readonly kind: 'right' | 'wrong' }
  /** The client's keys can't be had now. */
  | { readonly kind: 'keys_unavailable' }
  | Unavailable

/** Judges what a client asserts of itself. An assertion can be used once. */
export async function judgeAssertion(
  assertion: string,
  id: string,
  reader: AssertionReader,
): Promise<AssertionVerdict> {
  const reading = await reader.verify(assertion)
  if (reading.kind === 'unavailable') return { kind: 'keys_unavailable' }
  if (reading.kind === 'invalid') return { kind: 'wrong' }
  const { sub, jti } = reading.claims
  if (sub !== id || jti === undefined) return { kind: 'wrong' }
  // Last, so that nobody can use up an assertion that is refused.
  const marked = await reader.mark(jti, reading.usableUntil)
  if (marked.kind === 'unavailable') return marked
  return { kind: marked.kind === 'first' ? 'right' : 'wrong' }
}
