import { createHash, randomUUID } from 'node:crypto'
import type { Verify } from '@sallyport/core/adapter'
import type { Request, Response } from 'express'
import { auth } from 'express-oauth2-jwt-bearer'
import { calculateJwkThumbprint, EmbeddedJWK, type JWK, jwtVerify } from 'jose'
import { type Algorithm, AUDIENCE, ISSUER } from './setup.ts'
import { type BenchKey, claimsOf, createKey, signJwt, signToken, subjectOf } from './tokens.ts'
import { DpopView, TARGET_URL } from './view.ts'

/** A client's key, and an access token that is bound to it. */
export interface ProofClient {
  readonly key: BenchKey
  readonly jwk: JWK
  readonly token: string
}

export async function createProofClient(issuerKey: BenchKey, algorithm: Algorithm): Promise<ProofClient> {
  const key = await createKey(algorithm)
  const jwk = key.publicKey.export({ format: 'jwk' }) as JWK
  const claims = { ...claimsOf(subjectOf(0)), cnf: { jkt: await calculateJwkThumbprint(jwk) } }
  return { key, jwk, token: signToken(issuerKey, claims) }
}

/** Proofs for one request each (RFC 9449, section 4.2). */
export function signProofs({ key, jwk, token }: ProofClient, count: number): string[] {
  const header = { typ: 'dpop+jwt', alg: key.algorithm, jwk }
  const ath = createHash('sha256').update(token).digest('base64url')
  const iat = Math.floor(Date.now() / 1000)
  return Array.from({ length: count }, () =>
    signJwt(key, header, { jti: randomUUID(), htm: 'GET', htu: TARGET_URL, iat, ath }),
  )
}

/** The whole check of a request: the token is known, and the proof is new. */
export async function isServed(verify: Verify, { token }: ProofClient, proof: string): Promise<boolean> {
  const { kind } = await verify(new DpopView(token, proof))
  return kind === 'allow'
}

/** The signature, type and algorithm of the proof alone, as jose checks them. */
export async function isProof({ key }: ProofClient, proof: string): Promise<boolean> {
  const options = { typ: 'dpop+jwt', algorithms: [key.algorithm] }
  const { payload } = await jwtVerify(proof, EmbeddedJWK, options)
  return payload.jti !== undefined
}

/** The whole check of a request by express-oauth2-jwt-bearer, which remembers neither tokens nor proofs. */
export function createPeer(issuerKey: BenchKey): (client: ProofClient, proof: string) => Promise<boolean> {
  const publicKey = issuerKey.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const token = { issuer: ISSUER, audience: AUDIENCE, publicKey, tokenSigningAlg: issuerKey.algorithm }
  const guard = auth({ ...token, dpop: { enabled: true, required: true } })
  return ({ token }, dpop) => {
    const { host } = new URL(TARGET_URL)
    const request = {
      ...{ method: 'GET', protocol: 'https', originalUrl: '/', url: '/', host, query: {} },
      headers: { host, authorization: `DPoP ${token}`, dpop },
      get: (name: string) => (name.toLowerCase() === 'host' ? host : undefined),
      is: () => false,
    }
    return new Promise((resolve) =>
      guard(request as unknown as Request, {} as Response, (fault) => resolve(fault === undefined)),
    )
  }
}
