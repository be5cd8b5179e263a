import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose'
import { keyPair } from '../support/key-pair.ts'

export const CAEP = 'https://schemas.openid.net/secevent/caep/event-type/'
export const RISC = 'https://schemas.openid.net/secevent/risc/event-type/'
export const SSF = 'https://schemas.openid.net/secevent/ssf/event-type/'

export const ISSUER = 'https://idp.example.com'
/** As which the example servers are addressed. */
export const AUDIENCE = 'gateway'
/** The issuer of the example servers. */
export const OWN = 'https://auth.example.test'

/** The header of its tokens. */
export const header = { alg: 'ES256', typ: 'secevent+jwt', kid: 'signals' }

const keys = keyPair('ec', { namedCurve: 'P-256' })
export const { privateKey } = keys
export const stranger = keyPair('ec', { namedCurve: 'P-256' })
export const jwks = { keys: [{ ...keys.publicKey.export({ format: 'jwk' }), kid: 'signals', alg: 'ES256' }] }

/** Writes the keys of the transmitter into a file. */
export async function writeKeys(path: string): Promise<string> {
  await writeFile(path, JSON.stringify(jwks))
  return path
}

export const nowSeconds = (): number => Math.floor(Date.now() / 1000)

/** A token about a subject, as it should be. A claim that is `undefined` is left out. */
export function claimsOf(type: string, subject: object | undefined, more: object = {}): JWTPayload {
  return {
    ...{ iss: ISSUER, aud: AUDIENCE, jti: randomUUID(), iat: nowSeconds() },
    ...(subject === undefined ? {} : { sub_id: subject }),
    events: { [type]: {} },
    ...more,
  }
}

export function sign(
  claims: object,
  more: Partial<JWTHeaderParameters> = {},
  key = privateKey,
): Promise<string> {
  return new SignJWT(claims as JWTPayload).setProtectedHeader({ ...header, ...more }).sign(key)
}

export const user = (sub: string) => ({ format: 'iss_sub', iss: OWN, sub })
export const opaque = (id: string) => ({ format: 'opaque', id })
export const complex = (members: object) => ({ format: 'complex', ...members })

export const push = (body: string, more: object = {}) => ({
  ...{ method: 'POST', path: '/auth/signals', body },
  headers: { 'content-type': 'application/secevent+jwt', ...more },
})
