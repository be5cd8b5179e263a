import { ConfigError } from '../errors.ts'
import { readJwk } from '../keys/jwk/jwk.ts'
import { PRIVATE_JWK_MEMBERS } from '../keys/jwk/jwk-members.ts'
import { isKid, type SigningAlgorithm, type VerificationKey } from '../ports/signer.ts'

export type ReadKeys =
  | {
      readonly kind: 'read'
      readonly keys: ReadonlyMap<string, VerificationKey>
      /** One sentence for each key that was left out. It shows nothing of the key but its name. */
      readonly leftOut: ReadonlySet<string>
    }
  | { readonly kind: 'failed'; readonly reason: string }

const MAX_KEYS = 100

/**
 * Reads the keys of another issuer's JWK Set (RFC 7517, section 5) that verify signatures by one of the algorithms. A
 * key that names no algorithm is for the first of them that fits.
 *
 * Leaves out keys for other purposes and weak keys. If two different keys have the same `kid`, both are left out. A
 * private key is left out, together with every key of the same `kid`.
 */
export async function readJwkSet(json: unknown, algorithms: readonly SigningAlgorithm[]): Promise<ReadKeys> {
  const jwks: unknown = Object(json).keys
  if (!Array.isArray(jwks)) return { kind: 'failed', reason: 'its answer is no JWK Set' }
  if (jwks.length > MAX_KEYS) return { kind: 'failed', reason: `its JWK Set has more than ${MAX_KEYS} keys` }
  const leaked = new Set(jwks.filter(isPrivate).map(({ kid }) => kid))
  const keys = new Map<string, VerificationKey>()
  const ambiguous = new Set<string>()
  const leftOut = new Set<string>()

  for (const [index, jwk] of jwks.entries()) {
    const read = leaked.has(Object(jwk).kid) ? 'its private half is public' : await readKey(jwk, algorithms)
    if (typeof read === 'string') leftOut.add(`key ${nameOf(jwk, index)} is left out: ${read}`)
    else {
      const held = keys.get(read.kid)
      if (held === undefined) keys.set(read.kid, read)
      else if (!held.publicKey.equals(read.publicKey)) ambiguous.add(read.kid)
      else if (held.alg !== read.alg)
        leftOut.add(
          `key "${read.kid}" for ${read.alg} is left out: the same key stands before it for ${held.alg}`,
        )
    }
  }
  for (const kid of ambiguous) {
    keys.delete(kid)
    leftOut.add(`keys "${kid}" are left out: different keys have this name`)
  }
  return { kind: 'read', keys, leftOut }
}

function isPrivate(jwk: unknown): boolean {
  return PRIVATE_JWK_MEMBERS.some((member) => Object(jwk)[member] !== undefined)
}

const PATH = 'jwk'

async function readKey(
  jwk: unknown,
  algorithms: readonly SigningAlgorithm[],
): Promise<VerificationKey | string> {
  // Only an RSA key leaves a choice.
  const preferred = algorithms.find((alg) => alg === 'RS256' || alg === 'PS256')
  try {
    const key = await readJwk(jwk, PATH, preferred)
    const accepted = algorithms.map((alg) => `"${alg}"`).join(' or ')
    return algorithms.includes(key.alg) ? key : `its "alg" must be ${accepted}`
  } catch (cause) {
    if (!(cause instanceof ConfigError)) return 'it is malformed'
    const member = cause.option.slice(PATH.length + 1)
    return `${member === '' ? 'it' : `its "${member}"`} must be ${cause.expected}`
  }
}

/** A `kid` that could be mistaken for something else in a log is not shown. */
function nameOf(jwk: unknown, index: number): string {
  const { kid } = Object(jwk)
  return isKid(kid) ? `"${kid}"` : `number ${index + 1}`
}
