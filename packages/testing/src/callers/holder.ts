import { createHash } from 'node:crypto'
import type { Clock } from '@sallyport/core'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { uniqueName } from '../system.ts'

/** A key to which tokens are bound, and the proofs by it (RFC 9449). */
export interface Holder {
  /** The value of the `DPoP` header for one request, which nobody accepts a second time. */
  proof(request: ProvenRequest): Promise<string>
}

export interface ProvenRequest {
  readonly method: string
  readonly url: URL
  /** The access token beside which the proof is sent. */
  readonly accessToken?: string | undefined
  readonly nonce?: string | undefined
}

export async function createHolder(clock: Pick<Clock, 'now'>): Promise<Holder> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const jwk = await exportJWK(publicKey)
  return {
    proof({ method, url, accessToken, nonce }) {
      const claims = {
        ...{ jti: uniqueName(), htm: method, htu: url.origin + url.pathname },
        iat: Math.floor(clock.now() / 1000),
        ...(nonce === undefined ? {} : { nonce }),
        ...(accessToken === undefined ? {} : { ath: hashOf(accessToken) }),
      }
      return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk }).sign(privateKey)
    },
  }
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url')
