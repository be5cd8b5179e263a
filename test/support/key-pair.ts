import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'

export interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

type Generate = (type: string, options: object) => { readonly privateKey: Buffer }

const ENCODING = { type: 'pkcs8', format: 'der' } as const

/**
 * Generates a key pair of any kind that node:crypto knows. It is read from its encoding, since a generated
 * one may wait for itself for ever when it is exported (Node 20).
 */
export function keyPair(type: string, options: object = {}): KeyPair {
  const { privateKey: key } = (generateKeyPairSync as unknown as Generate)(type, {
    ...options,
    privateKeyEncoding: ENCODING,
    publicKeyEncoding: { type: 'spki', format: 'der' },
  })
  const own = createPrivateKey({ key, ...ENCODING })
  return { privateKey: own, publicKey: createPublicKey(own) }
}
