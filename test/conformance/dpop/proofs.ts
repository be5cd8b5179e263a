import { constants, createHash, createHmac, type KeyObject, randomUUID, sign } from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { keyPair } from '../../support/key-pair.ts'

export type ProofAlg = 'ES256' | 'EdDSA' | 'Ed25519' | 'PS256' | 'RS256'

/** The key of a client. */
export interface ProofKey {
  readonly alg: ProofAlg
  readonly jkt: string
  readonly jwk: JWK
  readonly privateJwk: JWK
  readonly privateKey: KeyObject
}

export async function proofKey(alg: ProofAlg, options: object = {}): Promise<ProofKey> {
  const kind = { ES256: 'ec', EdDSA: 'ed25519', Ed25519: 'ed25519', PS256: 'rsa', RS256: 'rsa' }[alg]
  const { publicKey, privateKey } = keyPair(kind, { namedCurve: 'P-256', modulusLength: 2048, ...options })
  const jwk = publicKey.export({ format: 'jwk' }) as JWK
  const privateJwk = privateKey.export({ format: 'jwk' }) as JWK
  return { alg, jwk, privateJwk, privateKey, jkt: await calculateJwkThumbprint(jwk) }
}

/** How a proof differs from a good one; a member that is `undefined` is left out. */
export interface Changes {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly key?: ProofKey
}

/** What a proof is for. */
export interface About {
  readonly key: ProofKey
  readonly method: string
  readonly url: string
  /** `undefined` where no access token is used. */
  readonly token: string | undefined
  /** Milliseconds since the epoch. */
  readonly now: number
}

export const athOf = (token: string): string => createHash('sha256').update(token).digest('base64url')

export function headerOf({ key }: About, changes: Changes['header'] = {}): object {
  return { typ: 'dpop+jwt', alg: key.alg, jwk: key.jwk, ...changes }
}

export function claimsOf({ method, url, token, now }: About, changes: Changes['claims'] = {}): object {
  const claims = { jti: randomUUID(), htm: method, htu: url, iat: Math.floor(now / 1000) }
  return { ...claims, ...(token === undefined ? {} : { ath: athOf(token) }), ...changes }
}

/** A proof, good unless it is changed. With another key in the changes, that one signs, and the header stays. */
export function proof(about: About, { header, claims, key = about.key }: Changes = {}): string {
  return signed(JSON.stringify(headerOf(about, header)), JSON.stringify(claimsOf(about, claims)), key)
}

/** Signs two strings, whatever they are. */
export function signed(header: string | Buffer, payload: string | Buffer, key: ProofKey): string {
  const input = `${Buffer.from(header).toString('base64url')}.${Buffer.from(payload).toString('base64url')}`
  return `${input}.${signatureOf(input, key).toString('base64url')}`
}

export function signatureOf(input: string, { alg, privateKey }: ProofKey): Buffer {
  const bytes = Buffer.from(input)
  switch (alg) {
    case 'EdDSA':
    case 'Ed25519':
      return sign(null, bytes, privateKey)
    case 'ES256':
      return sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' })
    case 'RS256':
      return sign('sha256', bytes, privateKey)
    case 'PS256':
      return sign('sha256', bytes, {
        ...{ key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
      })
  }
}

/** A proof under a secret instead of a key. */
export function macProof(about: About, alg: string, secret: string | Buffer, jwk: object): string {
  const parts = [headerOf(about, { alg, jwk }), claimsOf(about)]
  const input = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}
