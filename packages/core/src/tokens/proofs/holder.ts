import type { ProtectedHeaderParameters } from 'jose'
import { decodeProtectedHeader } from 'jose/decode/protected_header'
import { ConfigError } from '../../errors.ts'
import { readJwk } from '../../keys/jwk/jwk.ts'
import { PRIVATE_JWK_MEMBERS } from '../../keys/jwk/jwk-members.ts'
import type { SigningAlgorithm, VerificationKey } from '../../ports/signer.ts'

/** The signature algorithms of proofs: asymmetric ones only. `Ed25519` is what RFC 9864 calls EdDSA over Ed25519. */
export const PROOF_ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256'] as const

/** What kind of proof a header must be of. */
export interface ProofForm {
  readonly typ: string
  readonly algorithms: readonly (typeof PROOF_ALGORITHMS)[number][]
}

/** DPoP (RFC 9449, section 4.2). */
export const DPOP: ProofForm = { typ: 'dpop+jwt', algorithms: PROOF_ALGORITHMS }

/** The key that signed a proof. */
export interface Holder {
  readonly key: VerificationKey
  /** The SHA-256 thumbprint of the key (RFC 7638). */
  readonly jkt: string
}

export type HolderFault = 'malformed' | 'type' | 'algorithm' | 'key' | 'header'

export type HolderReading =
  | { readonly kind: 'read'; readonly holder: Holder }
  | { readonly kind: 'invalid'; readonly why: HolderFault }

/** An RSA modulus of 4096 bits, and an exponent of 4 bytes: with longer ones a signature takes long to verify. */
const MAX_MODULUS_CHARS = 683
const MAX_EXPONENT_CHARS = 6

/** Reads the header of a proof that names its key. Does NOT check the signature. */
export async function readHolder(proof: string, { typ, algorithms }: ProofForm): Promise<HolderReading> {
  const header = decodeHeader(proof)
  if (header === undefined) return invalid('malformed')
  if (header.typ !== typ) return invalid('type')
  const alg = algorithms.find((known) => known === header.alg)
  if (alg === undefined) return invalid('algorithm')
  // No extension is known here (RFC 7515, section 4.1.11).
  if (header.crit !== undefined || header.b64 !== undefined) return invalid('header')
  const key = await readKey(header.jwk, alg === 'Ed25519' ? 'EdDSA' : alg)
  return key === undefined ? invalid('key') : { kind: 'read', holder: { key, jkt: key.kid } }
}

function invalid(why: HolderFault): HolderReading {
  return { kind: 'invalid', why }
}

/** @returns the key, whose `kid` is its thumbprint; `undefined` unless it is public, strong and for this algorithm */
async function readKey(jwk: unknown, alg: SigningAlgorithm): Promise<VerificationKey | undefined> {
  if (typeof jwk !== 'object' || jwk === null || PRIVATE_JWK_MEMBERS.some((name) => name in jwk))
    return undefined
  const { n, e }: { readonly n?: unknown; readonly e?: unknown } = jwk
  if (isLonger(n, MAX_MODULUS_CHARS) || isLonger(e, MAX_EXPONENT_CHARS)) return undefined
  try {
    const key = await readJwk({ ...jwk, kid: undefined }, 'jwk', alg)
    return key.alg === alg ? key : undefined
  } catch (cause) {
    if (cause instanceof ConfigError) return undefined
    throw cause
  }
}

function isLonger(member: unknown, chars: number): boolean {
  return member !== undefined && (typeof member !== 'string' || member.length > chars)
}

/** The header of a proof; `undefined` if it has none that can be read. */
export function decodeHeader(proof: string): ProtectedHeaderParameters | undefined {
  try {
    return decodeProtectedHeader(proof)
  } catch (cause) {
    if (cause instanceof TypeError) return undefined
    throw cause
  }
}
