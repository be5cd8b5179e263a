import type { KeyObject } from 'node:crypto'

/** The primes by which keys of the flawed library are told from others, with next to no false alarm (one in 2^27). */
// biome-ignore format: one table
const PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
  101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
] as const
const GENERATOR = 65_537

/**
 * Whether an RSA key was made by the flawed library that lets its private half be computed: the remainders of its
 * modulus are powers of 65537 by every small prime.
 *
 * @see Nemec et al., "The Return of Coppersmith's Attack" (2017); CVE-2017-15361
 */
export function isRoca(publicKey: KeyObject): boolean {
  if (publicKey.asymmetricKeyType !== 'rsa') return false
  const { n = '' } = publicKey.export({ format: 'jwk' })
  const modulus = BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`)
  return PRIMES.every((prime) => powersBy(prime).has(Number(modulus % BigInt(prime))))
}

function powersBy(prime: number): ReadonlySet<number> {
  const powers = new Set<number>()
  for (let power = 1; !powers.has(power); power = (power * GENERATOR) % prime) powers.add(power)
  return powers
}
