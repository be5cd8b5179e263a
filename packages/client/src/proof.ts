import type { WebCryptoKeyPair } from './key-storage.ts'
import { base64url, epochMs, newKey } from './system.ts'

export interface ProofParts {
  readonly request: Request
  /** The access token beside it; `undefined`: none. */
  readonly token: string | undefined
  /** What the server has asked for last; `undefined`: nothing. */
  readonly nonce: string | undefined
  /** By how much the server's clock is ahead, in milliseconds. */
  readonly aheadMs: number
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** A key that no script can read, but for the public half. */
export function newKeyPair(isExtractable: boolean): Promise<WebCryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, isExtractable, ['sign', 'verify'])
}

/**
 * A proof that a request comes from whoever holds a key: a JWS (RFC 9449, section 4.2). The signature of WebCrypto has the form that
 * ES256 needs (RFC 7518, section 3.4).
 */
export async function proofOf(pair: WebCryptoKeyPair, parts: ProofParts): Promise<string> {
  const { request, token, nonce, aheadMs } = parts
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  const { origin, pathname } = new URL(request.url)
  const ath = token === undefined ? undefined : encoded(await crypto.subtle.digest('SHA-256', bytesOf(token)))
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } }
  const claims = {
    jti: newKey(),
    htm: request.method,
    htu: `${origin}${pathname}`,
    iat: Math.floor((epochMs() + aheadMs) / 1000),
    ath,
    nonce,
  }
  const signed = [header, claims].map((part) => encoded(bytesOf(JSON.stringify(part)))).join('.')
  const signature = await crypto.subtle.sign(ALGORITHM, pair.privateKey, bytesOf(signed))
  return `${signed}.${encoded(signature)}`
}

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
const encoded = (bytes: ArrayBuffer | Uint8Array<ArrayBuffer>): string =>
  base64url(new Uint8Array(bytes)).replaceAll('=', '')
