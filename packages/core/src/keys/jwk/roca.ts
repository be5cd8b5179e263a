import type { KeyObject } from 'node:crypto'

/** The primes that distinguish keys of the flawed library. A false alarm happens about once in 2^27 keys. */
// biome-ignore format: the formatter would give each prime a line of its own
const PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
  101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
] as const
const GENERATOR = 65_537

/**
 * Whether an RSA key was made by a certain flawed library, so that its private half can be computed. The modulus of
 * such a key is congruent to a power of 65537 modulo each of the primes above.
 *
 * @see Nemec et al., "The Return of Coppersmith's Attack" (2017); CVE-2017-15361
 */
export function isRoca(publicKey: KeyObject): boolean {
  if (publicKey.asymmetricKeyType !== 'rsa') return false
  const { n = '' } = publicKey.export({ format: 'jwk' })
  const modulus = BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`)
  return PRIMES.every((prime) => powersModulo(prime).has(Number(modulus % BigInt(prime))))
}

function powersModulo(prime: number): ReadonlySet<number> {
  const powers = new Set<number>()
  for (let power = 1; !powers.has(power); power = (power * GENERATOR) % prime) powers.add(power)
  return powers
}
