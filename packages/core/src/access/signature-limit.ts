import { type Address, ipOf, printableAgentOf, type Sender } from '../seam/caller.ts'

/**
 * Limits how many unknown access tokens a caller may send. It is asked about each token that this process has not found
 * genuine before, so that a flood of forged tokens is cut off before any of them is read.
 *
 * Returns the seconds after which the caller may try again (429), or 0 to verify the token now. A promise costs more
 * than a number. If it throws, the token is verified.
 */
export type SignatureLimit = (sender: Address) => number | Promise<number>

/**
 * Wraps a limiter so that its failure costs only processor time: the token is verified, and the first failure is
 * reported.
 */
export function createSignatureLimit(
  limit: SignatureLimit | undefined,
  notice: (message: string) => void,
): (sender: Sender) => number | Promise<number> {
  if (limit === undefined) return () => 0
  let isReported = false

  function continueUnlimited(cause: unknown): number {
    if (!isReported)
      notice(
        `"limits.signatures" threw ${cause instanceof Error ? cause.name : 'something'}: requests are not limited while it fails`,
      )
    isReported = true
    return 0
  }

  return (sender) => {
    try {
      const seconds = limit(addressOf(sender))
      return typeof seconds === 'number'
        ? Math.ceil(seconds)
        : Promise.resolve(seconds).then(Math.ceil, continueUnlimited)
    } catch (cause) {
      return continueUnlimited(cause)
    }
  }
}

function addressOf(sender: Sender): Address {
  const [ip, agent] = [ipOf(sender), printableAgentOf(sender)]
  return { ...(ip === undefined ? {} : { ip }), ...(agent === undefined ? {} : { user_agent: agent }) }
}
