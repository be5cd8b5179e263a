import { verify } from 'node:crypto'
import type { Setup } from '../setup.ts'
import { digestOf, readKey } from '../tokens.ts'

/** As much of the claims as the handlers and the black list need. */
export interface BenchClaims {
  readonly sub: string
  readonly jti: string
}

/** Claims of the bearer of an `Authorization` header; nothing for a forged or missing token. */
export type Recall = (authorization: string | undefined) => BenchClaims | undefined

/**
 * The least that can stand in front of a handler: a look-up of the token's text. It revokes nothing,
 * forgets nothing and checks no times.
 */
export function createRecall({ algorithm, privateJwk }: Setup): Recall {
  const { publicKey } = readKey(algorithm, privateJwk)
  const known = new Map<string, BenchClaims>()

  function verifyOnce(token: string): BenchClaims | undefined {
    const [header = '', payload = '', signature = ''] = token.split('.')
    const signed = Buffer.from(`${header}.${payload}`)
    const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
    if (!verify(digestOf(algorithm), signed, key, Buffer.from(signature, 'base64url'))) return undefined
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as BenchClaims
    known.set(token, claims)
    return claims
  }

  return (authorization) => {
    if (!authorization?.startsWith('Bearer ')) return undefined
    const token = authorization.slice('Bearer '.length)
    return known.get(token) ?? verifyOnce(token)
  }
}
