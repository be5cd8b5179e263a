import {
  type OperationCredential,
  type OperationRefusal,
  type ProblemCode,
  problems,
  type Surface,
} from '@sallyport/core/adapter'
import type { Placed } from '../placed.ts'

/** A refusal as it is answered. */
export interface Refusal {
  readonly status: number
  readonly error: string
  readonly description: string
  /** Whether the description is an example. */
  readonly varies: boolean
  /** Its code in the table of problems; `undefined` if it is the application's own. */
  readonly code: ProblemCode | undefined
}

const byToken = [
  ...(['token_missing', 'token_malformed', 'token_invalid', 'token_expired', 'token_early'] as const),
  ...(['token_revoked', 'dpop_invalid', 'dpop_replayed', 'dpop_nonce'] as const),
  ...(['authorization_repeated', 'signatures_limited', 'store_unavailable'] as const),
] satisfies readonly OperationRefusal[]

/** What a request is refused for whatever its handler does. */
export function refusalsBefore(
  { check, method, operation }: Placed,
  credentials: readonly OperationCredential[],
): readonly OperationRefusal[] {
  const changes = method !== 'GET'
  const needsToken = credentials.includes('bearer') && !credentials.includes('none')
  const needsScope = (operation?.scopes ?? []).length > 0
  return [
    ...(check === 'cookie' ? (['cross_site'] as const) : []),
    ...(needsToken ? byToken : []),
    ...(needsScope ? (['insufficient_scope'] as const) : []),
    ...(changes ? (['body_too_large'] as const) : []),
    ...(changes || check !== 'open' ? (['audit_unavailable'] as const) : []),
  ]
}

/** Those that the options do not rule out, each of them once. */
export function refusalsUnder(surface: Surface, given: readonly OperationRefusal[]): readonly Refusal[] {
  const all = new Map<string, Refusal>()
  for (const one of given) {
    const refusal = refusalOf(one)
    if (refusal.code !== undefined && !canHappen(refusal.code, surface)) continue
    all.set(`${refusal.status} ${refusal.code ?? `${refusal.error} ${refusal.description}`}`, refusal)
  }
  return [...all.values()]
}

function refusalOf(given: OperationRefusal): Refusal {
  if (typeof given === 'object' && 'error' in given)
    return { ...given, varies: given.varies ?? false, code: undefined }
  const { code, status } = typeof given === 'string' ? { code: given, status: undefined } : given
  const problem = problems[code]
  return {
    code,
    status: status ?? problem.status,
    error: problem.error,
    description: problem.say,
    varies: false,
  }
}

function canHappen(code: ProblemCode, surface: Surface): boolean {
  switch (code) {
    case 'dpop_invalid':
    case 'dpop_replayed':
    case 'dpop_nonce':
      return surface.proofAlgorithms !== undefined
    case 'certificate_missing':
      return surface.asksForCertificates
    case 'proof_skipped':
      return surface.bindsBrowserKeys
    case 'client_keys_unavailable':
      return surface.clientMethods.includes('key')
    case 'audit_unavailable':
      return surface.asksForTrail
    default:
      return true
  }
}

/** The header fields that tell a client what to do about a refusal. */
export function headersOf({ code, status }: Refusal): Readonly<Record<string, string>> {
  const problem = code === undefined ? undefined : problems[code]
  const isChallenged = problem?.challenge !== undefined && problem.status === status
  return {
    ...(isChallenged || code === 'client_unauthenticated' ? { 'WWW-Authenticate': CHALLENGE } : {}),
    ...(problem?.retryAfter !== undefined || status === 429 ? { 'Retry-After': 'In seconds.' } : {}),
    ...(code?.startsWith('dpop_') ? { 'DPoP-Nonce': NONCE } : {}),
    ...(code === 'key_proof_missing' ? { 'Secure-Session-Challenge': 'What the browser signs.' } : {}),
  }
}

export const NONCE = 'For the next proof, if nonces are asked for.'
const CHALLENGE = 'How to authenticate, and what would have sufficed.'
