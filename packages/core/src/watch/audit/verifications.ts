import type { Sender } from '../../seam/caller.ts'

/**
 * Which successful verifications are events: none, the first of each token in each process (and from each further
 * address), all, or this share of them.
 */
export type VerificationPolicy = 'none' | 'first' | 'all' | number

/** A token that remembers from which addresses it has been told. */
export interface ToldToken {
  toldFrom: readonly (string | undefined)[] | undefined
}

/** Whether the use of a good token is to be told. */
export type IsTold = (token: ToldToken, sender: Sender) => boolean

/** Two parties may use a token in turn. After so many addresses no further ones are told. */
const MAX_ADDRESSES = 8

/** `undefined`: none is told. */
export function createVerificationPolicy(policy: VerificationPolicy): IsTold | undefined {
  switch (policy) {
    case 'none':
      return undefined
    case 'all':
      return () => true
    case 'first':
      return isNews
    default:
      return sampled(policy)
  }
}

function isNews(token: ToldToken, { ip }: Sender): boolean {
  const { toldFrom } = token
  if (toldFrom === undefined) {
    token.toldFrom = [ip]
    return true
  }
  if (toldFrom.includes(ip) || toldFrom.length >= MAX_ADDRESSES) return false
  token.toldFrom = [...toldFrom, ip]
  return true
}

/** Every so many, evenly: with a tenth, every tenth. */
function sampled(share: number): IsTold | undefined {
  if (share === 0) return undefined
  let due = 0
  return () => {
    due += share
    if (due < 1) return false
    due--
    return true
  }
}
