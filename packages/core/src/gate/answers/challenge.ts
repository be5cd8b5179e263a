import { type ChallengeParameters, type ProblemCode, problems } from '../../problems.ts'

/** The authentication schemes in which access tokens are sent (RFC 6750; RFC 9449, section 7.1). */
export type TokenScheme = 'Bearer' | 'DPoP'

/** How a request came by, and may come by, its access token. */
export interface Schemes {
  /** The scheme in which the token was sent; `Bearer` if none was. */
  readonly sent: TokenScheme
  /** The algorithms of DPoP proofs, separated by spaces; `undefined` if no bound token is accepted. */
  readonly proofAlgorithms: string | undefined
}

const BEARER_ONLY: Schemes = { sent: 'Bearer', proofAlgorithms: undefined }

/**
 * The `WWW-Authenticate` header (RFC 6750, section 3; RFC 9449, section 7.1). What is wrong is said in the scheme that was
 * used. A 401 names the other scheme besides (RFC 9449, section 7.2): with another token it might be right.
 */
export function challengeOf(
  code: ProblemCode,
  parameters: ChallengeParameters = {},
  { sent, proofAlgorithms: algs }: Schemes = BEARER_ONLY,
): string {
  const { challenge, error, say, status } = problems[code]
  const all = challenge === 'plain' ? parameters : { error, error_description: say, ...parameters }
  if (algs === undefined) return written('Bearer', all)
  if (sent === 'DPoP') return written('DPoP', { ...all, algs })
  const bearer = written('Bearer', all)
  return status === 401 ? `${bearer}, ${written('DPoP', { algs })}` : bearer
}

function written(scheme: TokenScheme, parameters: ChallengeParameters): string {
  const all = Object.entries(parameters).map(([name, value]) => `${name}=${quoted(String(value))}`)
  return all.length === 0 ? scheme : `${scheme} ${all.join(', ')}`
}

/** A quoted-string (RFC 9110, section 5.6.4). A `?` replaces each character that a header cannot carry. */
function quoted(value: string): string {
  return `"${value.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')}"`
}
