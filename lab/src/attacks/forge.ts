import { createHmac, createPublicKey, generateKeyPairSync, type JsonWebKey, sign } from 'node:crypto'
import { AUDIENCE, ISSUER } from '../servers/people.ts'

type Header = Readonly<Record<string, unknown>>
type Signature = (input: string) => string

/** Claims that both servers would like, if only the signature held. */
function forge(header: Header, signature: Signature): string {
  const iat = Math.floor(Date.now() / 1000)
  const claims = {
    ...{ iss: ISSUER, aud: AUDIENCE, sub: 'root', role: 'admin', scope: 'admin', client_id: 'web' },
    ...{ iat, exp: iat + 600, jti: crypto.randomUUID(), sid: 'AAAAAAAAAAAAAAAAAAAAAA' },
  }
  const input = [{ typ: 'at+jwt', ...header }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${input}.${signature(input)}`
}

/** A token without a signature. */
export const unsigned = (kid: string): string => forge({ alg: 'none', kid }, () => '')

/** A token under HMAC with any bytes as the key. */
export const underHmac = (kid: string, key: string): string =>
  forge({ alg: 'HS256', kid }, (input) => createHmac('sha256', key).update(input).digest('base64url'))

/** A token under a new key, which its header brings along. */
export function underOwnKey(kid: string): string {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return forge({ alg: 'ES256', kid, jwk: publicKey.export({ format: 'jwk' }) }, (input) =>
    sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url'),
  )
}

/** The first public key of a JWK Set, and the form in which servers keep it in files. */
export function firstKey(jwks: string): { readonly kid: string; readonly pem: string } {
  const [key] = (JSON.parse(jwks) as { keys: readonly (JsonWebKey & { readonly kid: string })[] }).keys
  if (key === undefined) throw new Error('the JWK Set is empty')
  const pem = createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  return { kid: key.kid, pem: pem.toString() }
}
