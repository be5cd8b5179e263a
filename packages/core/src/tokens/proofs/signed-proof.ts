import { LRUCache } from 'lru-cache'
import { type ProofClaims, readProofClaims } from '../claims.ts'
import { isCompact, signedPayload } from '../compact.ts'
import { DPOP, type Holder, type HolderFault, readHolder } from './holder.ts'

/** What is wrong with a proof by itself, whatever request it is for. */
export type SignedProofFault = HolderFault | 'holder' | 'signature' | 'claims'

export type SignedProof =
  | { readonly kind: 'signed'; readonly jkt: string; readonly claims: ProofClaims }
  | { readonly kind: 'invalid'; readonly why: SignedProofFault }

/**
 * Reads a proof (RFC 9449, section 4.2), and checks that the key in its header signed it. Does NOT check what it says.
 *
 * @param boundTo the thumbprint that the key must have; `undefined`: any
 */
export type ReadProof = (proof: string, boundTo: string | undefined) => Promise<SignedProof>

const HOLDERS_REMEMBERED = 5000

/** A key, and the header in which it was sent last. */
interface Remembered {
  readonly header: string
  readonly holder: Holder
}

/**
 * A client makes all its proofs by one key and with one header, so both are remembered: only of keys to which genuine tokens
 * are bound, since anybody can make up a key, and one header for each, since a client can vary it.
 */
export function createProofReader(): ReadProof {
  const remembered = new LRUCache<string, Remembered>({ max: HOLDERS_REMEMBERED })

  function recall(header: string, boundTo: string | undefined): Holder | undefined {
    const known = boundTo === undefined ? undefined : remembered.get(boundTo)
    return known?.header === header ? known.holder : undefined
  }

  return async (proof, boundTo) => {
    if (!isCompact(proof)) return invalid('malformed')
    const header = proof.slice(0, proof.indexOf('.'))
    const known = recall(header, boundTo)
    const reading = known === undefined ? await readHolder(proof, DPOP) : undefined
    if (reading?.kind === 'invalid') return reading
    const holder = known ?? reading?.holder
    if (holder === undefined) return invalid('malformed')
    const { key, jkt } = holder
    if (boundTo !== undefined && jkt !== boundTo) return invalid('holder')
    const payload = await signedPayload(proof, key)
    if (payload === undefined) return invalid('signature')
    if (known === undefined && boundTo !== undefined) remembered.set(jkt, { header, holder })
    const claims = readProofClaims(payload)
    return claims === undefined ? invalid('claims') : { kind: 'signed', jkt, claims }
  }
}

function invalid(why: SignedProofFault): SignedProof {
  return { kind: 'invalid', why }
}
