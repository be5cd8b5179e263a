import type { SigningAlgorithm } from '@sallyport/core'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose'
import { uniqueName } from '../system.ts'

export interface IssuerKey {
  readonly kid: string
  readonly privateKey: CryptoKey
  /** As it stands in a JWK Set. */
  readonly jwk: JWK
}

export async function createIssuerKey(alg: SigningAlgorithm): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg)
  const kid = uniqueName()
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}
