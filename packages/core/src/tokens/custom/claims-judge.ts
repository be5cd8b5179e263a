import { hash } from 'node:crypto'
import type { ClaimsPolicy, ClaimsVerdict, judgeClaims } from '@sallyport/claims-policy'
import { LRUCache } from 'lru-cache'

/** The judge of the optional package; `undefined` if it is not installed. It is large, so it is loaded only if needed. */
export async function loadPolicy(): Promise<typeof judgeClaims | undefined> {
  try {
    return (await import('@sallyport/claims-policy')).judgeClaims
  } catch (cause) {
    if (isPolicyMissing(cause)) return undefined
    throw cause
  }
}

/** Whether the package itself was not found. If one of its dependencies is missing, the package is broken instead. */
function isPolicyMissing(cause: unknown): boolean {
  return (
    cause instanceof Error &&
    'code' in cause &&
    cause.code === 'ERR_MODULE_NOT_FOUND' &&
    cause.message.includes("'@sallyport/claims-policy'")
  )
}

/** Judges the claims of one token. */
export type ClaimsJudge = (claims: Readonly<Record<string, unknown>>) => ClaimsVerdict

const VERDICTS_REMEMBERED = 20_000

/**
 * Makes a judge that searches the same claims for leaks only once. The search takes 20 to 80 ms for 4 KB of claims, and
 * claims rarely change from one refresh to the next. Claims may be personal data, so a hash of them is remembered.
 */
export function createClaimsJudge(
  judge: typeof judgeClaims,
  policy: ClaimsPolicy & { readonly exempt: ReadonlySet<string> },
): ClaimsJudge {
  const remembered = new LRUCache<string, ClaimsVerdict>({ max: VERDICTS_REMEMBERED })
  return (claims) => {
    // Everything but the search is cheap. What passes is plain JSON, so the JSON identifies it.
    const names = typeof claims === 'object' && claims !== null ? Object.keys(claims) : []
    const unsearched = judge(claims, { ...policy, exempt: new Set(names) })
    if (unsearched.kind !== 'fit') return unsearched
    // A sealed claim is exempt, and is encrypted anew each time.
    const searched = names.filter((name) => !policy.exempt.has(name)).map((name) => [name, claims[name]])
    const key = hash('sha256', JSON.stringify(searched), 'base64url')
    const known = remembered.get(key)
    if (known !== undefined) return known
    const verdict = judge(claims, policy)
    remembered.set(key, verdict)
    return verdict
  }
}
