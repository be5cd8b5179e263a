import { type Caller, callerOf } from './parts.ts'
import type { RequestView } from './seam.ts'

/**
 * Asked before a signature is checked, so that a flood of forged tokens can be cut off; not asked about
 * tokens that this process has verified before. Gives the seconds after which the caller may come again
 * with such a token (429), or 0 to go on.
 */
export type SignatureLimit = (caller: Caller) => number | Promise<number>

/** A limiter that fails costs processor time, not safety: the signature is then checked, and the failure told once. */
export function createSignatureLimit(
  limit: SignatureLimit | undefined,
  notice: (message: string) => void,
): (view: RequestView) => number | Promise<number> {
  if (limit === undefined) return () => 0
  let told = false
  return async (view) => {
    try {
      return Math.ceil(await limit(callerOf(view)))
    } catch (cause) {
      if (!told)
        notice(
          `"limits.signatures" threw ${cause instanceof Error ? cause.name : 'something'}: such requests are not limited`,
        )
      told = true
      return 0
    }
  }
}
