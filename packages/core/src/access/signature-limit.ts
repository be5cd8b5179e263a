import { type Caller, callerOf, type Sender } from '../seam/caller.ts'

/**
 * Asked about each token that this process has not found genuine before, so that a flood of forged ones can be cut
 * off before anything of them is read. Gives the seconds after which the caller may come again with such a token
 * (429), or 0 to go on. A promise of them costs more than a number.
 */
export type SignatureLimit = (caller: Caller) => number | Promise<number>

/** A limiter that fails costs processor time, not safety: the token is then verified, and the failure told once. */
export function createSignatureLimit(
  limit: SignatureLimit | undefined,
  notice: (message: string) => void,
): (sender: Sender) => number | Promise<number> {
  if (limit === undefined) return () => 0
  let told = false

  function goOn(cause: unknown): number {
    if (!told)
      notice(
        `"limits.signatures" threw ${cause instanceof Error ? cause.name : 'something'}: such requests are not limited`,
      )
    told = true
    return 0
  }

  return (sender) => {
    try {
      const seconds = limit(callerOf(sender))
      return typeof seconds === 'number' ? Math.ceil(seconds) : Promise.resolve(seconds).then(Math.ceil, goOn)
    } catch (cause) {
      return goOn(cause)
    }
  }
}
