import type { Clock } from '../../ports/clock.ts'
import type { Sender } from '../../seam/caller.ts'

/**
 * Which successful verifications are events: none; of each token in each process the first, and whenever its address
 * changes; all; or this share of them.
 */
export type VerificationPolicy = 'none' | 'first' | 'all' | number

/** A token that remembers from where it has been told. */
export interface ToldToken {
  told: ToldUses | undefined
}

interface ToldUses {
  last: string | undefined
  /** When each address was told, the latest last. */
  readonly addresses: Map<string | undefined, number>
}

/** Whether the use of a good token is to be told, and whether that may wait for others. */
export type WhenTold = (token: ToldToken, sender: Sender) => 'never' | 'now' | 'soon'

/** Parties that use a token in turn change its address with every request. */
const TOLD_AGAIN_MS = 30_000
/** So many addresses are told within that time. */
const MAX_ADDRESSES = 8

/**
 * `undefined`: none is told.
 *
 * @param required whether the request waits until its event is written
 */
export function createVerificationPolicy(
  policy: VerificationPolicy,
  { clock, required }: { readonly clock: Clock; readonly required: boolean },
): WhenTold | undefined {
  switch (policy) {
    case 'none':
      return undefined
    case 'all':
      return () => 'now'
    case 'first':
      return (token, sender) => (isNews(token, sender, clock) ? 'now' : 'never')
    default:
      return sampled(policy, required ? 'now' : 'soon')
  }
}

function isNews(token: ToldToken, { ip }: Sender, clock: Clock): boolean {
  const { told } = token
  if (told === undefined) {
    token.told = { last: ip, addresses: new Map([[ip, clock.monotonic()]]) }
    return true
  }
  if (told.last === ip) return false
  told.last = ip
  const { addresses } = told
  const now = clock.monotonic()
  for (const [address, at] of addresses) {
    if (now - at < TOLD_AGAIN_MS) break
    addresses.delete(address)
  }
  if (addresses.has(ip) || addresses.size >= MAX_ADDRESSES) return false
  addresses.set(ip, now)
  return true
}

/** Spread evenly: with a share of 0.1, every tenth use. */
function sampled(share: number, when: 'now' | 'soon'): WhenTold | undefined {
  if (share === 0) return undefined
  let due = 0
  return () => {
    due += share
    if (due < 1) return 'never'
    due--
    return when
  }
}
