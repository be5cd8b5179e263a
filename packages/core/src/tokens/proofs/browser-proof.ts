import { readJwk } from '../../keys/jwk/jwk.ts'
import type { BoundKey } from '../../ports/session.ts'
import { readProofId } from '../claims.ts'
import { isCompact, signedPayload } from '../compact.ts'
import { decodeHeader, type Holder, type HolderFault, type ProofForm, readHolder } from './holder.ts'

/** The algorithms of the keys that browsers register (DBSC, "Secure-Session-Registration"). */
const BROWSER_ALGORITHMS = ['ES256', 'RS256'] as const

const FORM: ProofForm = { typ: 'dbsc+jwt', algorithms: BROWSER_ALGORITHMS }

export type BrowserProofFault = HolderFault | 'signature' | 'claims'

export type BrowserProofReading<More = unknown> =
  | ({ readonly kind: 'signed'; readonly challenge: string } & More)
  | { readonly kind: 'invalid'; readonly why: BrowserProofFault }

/** Reads the proof of a registration, which names its key. Does NOT check the challenge. */
export async function readRegistration(
  proof: string,
  at: number,
): Promise<BrowserProofReading<{ readonly key: BoundKey }>> {
  if (!isCompact(proof)) return invalid('malformed')
  const reading = await readHolder(proof, FORM)
  if (reading.kind === 'invalid') return reading
  const key = boundKeyOf(reading.holder, at)
  if (key === undefined) return invalid('key')
  const signed = await readSigned(proof, reading.holder)
  return signed.kind === 'signed' ? { ...signed, key } : signed
}

/** Reads a later proof by a registered key, which must not name one. Does NOT check the challenge. */
export async function readBrowserProof(
  proof: string,
  { alg, jwk, jkt }: BoundKey,
): Promise<BrowserProofReading> {
  if (!isCompact(proof)) return invalid('malformed')
  const header = decodeHeader(proof)
  if (header === undefined) return invalid('malformed')
  if (header.typ !== FORM.typ) return invalid('type')
  if (header.alg !== alg) return invalid('algorithm')
  const { crit, b64, jwk: named } = header
  if (crit !== undefined || b64 !== undefined || named !== undefined) return invalid('header')
  return readSigned(proof, { key: await readJwk(jwk, 'jwk', alg), jkt })
}

async function readSigned(proof: string, { key }: Holder): Promise<BrowserProofReading> {
  const payload = await signedPayload(proof, key)
  if (payload === undefined) return invalid('signature')
  const challenge = readProofId(payload)
  return challenge === undefined ? invalid('claims') : { kind: 'signed', challenge }
}

function boundKeyOf({ key: { alg, publicKey }, jkt }: Holder, boundAt: number): BoundKey | undefined {
  const known = BROWSER_ALGORITHMS.find((one) => one === alg)
  const members = Object.entries(publicKey.export({ format: 'jwk' })).filter(
    (member): member is [string, string] => typeof member[1] === 'string',
  )
  return known === undefined ? undefined : { jkt, alg: known, jwk: Object.fromEntries(members), boundAt }
}

function invalid(why: BrowserProofFault): { readonly kind: 'invalid'; readonly why: BrowserProofFault } {
  return { kind: 'invalid', why }
}
