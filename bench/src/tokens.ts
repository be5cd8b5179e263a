import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  randomBytes,
  randomUUID,
  sign,
} from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { type Algorithm, AUDIENCE, ISSUER, SCOPE } from './setup.ts'

/** The longest that ours accepts. */
const TTL_SECONDS = 1800
const SESSION_ID_BYTES = 28

/** A key for one run, in every form that a contender asks for. */
export interface BenchKey {
  readonly algorithm: Algorithm
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly privateJwk: JWK
}

export async function createKey(algorithm: Algorithm): Promise<BenchKey> {
  const { privateKey } = generatePair(algorithm)
  const jwk = privateKey.export({ format: 'jwk' }) as JWK
  return readKey(algorithm, { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: algorithm })
}

export function readKey(algorithm: Algorithm, privateJwk: JWK): BenchKey {
  const privateKey = createPrivateKey({ key: privateJwk as JsonWebKey, format: 'jwk' })
  return {
    algorithm,
    kid: privateJwk.kid ?? '',
    privateKey,
    publicKey: createPublicKey(privateKey),
    privateJwk,
  }
}

function generatePair(algorithm: Algorithm): { privateKey: KeyObject } {
  switch (algorithm) {
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' })
    case 'RS256':
      return generateKeyPairSync('rsa', { modulusLength: 2048 })
    case 'EdDSA':
      return generateKeyPairSync('ed25519')
  }
}

/** The claims of ours (RFC 9068), so that every contender reads the same text. */
export function claimsOf(subject: string, session: string = newSession()): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000)
  return {
    iss: ISSUER,
    sub: subject,
    aud: AUDIENCE,
    exp: now + TTL_SECONDS,
    iat: now,
    jti: randomUUID(),
    client_id: 'web',
    scope: SCOPE,
    sid: session,
    gen: 1,
    auth_time: now,
  }
}

/** Looks like a session id of ours. */
function newSession(): string {
  return randomBytes(SESSION_ID_BYTES).toString('base64url')
}

export function subjectOf(index: number): string {
  return `user-${String(index).padStart(6, '0')}`
}

export function signToken(key: BenchKey, claims: object): string {
  return signed(key, `${headerOf(key)}.${encode(claims)}`)
}

/** A JWT with any header. */
export function signJwt(key: BenchKey, header: object, claims: object): string {
  return signed(key, `${encode(header)}.${encode(claims)}`)
}

function signed(key: BenchKey, text: string): string {
  return `${text}.${signatureOf(key, text).toString('base64url')}`
}

/** A token that looks like one of ours up to its signature, which is random. */
export function forgeToken(key: Pick<BenchKey, 'algorithm' | 'kid'>, subject: string): string {
  const signature = randomBytes(key.algorithm === 'RS256' ? 256 : 64)
  return `${headerOf(key)}.${encode(claimsOf(subject))}.${signature.toString('base64url')}`
}

export function signTokens(key: BenchKey, count: number): string[] {
  return Array.from({ length: count }, (_, index) => signToken(key, claimsOf(subjectOf(index))))
}

function headerOf({ algorithm, kid }: Pick<BenchKey, 'algorithm' | 'kid'>): string {
  return encode({ alg: algorithm, typ: 'at+jwt', kid })
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function signatureOf({ algorithm, privateKey }: BenchKey, text: string): Buffer {
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
  return sign(digestOf(algorithm), Buffer.from(text), key)
}

/** Ed25519 hashes by itself. */
export function digestOf(algorithm: Algorithm): 'sha256' | null {
  return algorithm === 'EdDSA' ? null : 'sha256'
}

/** Signed tokens that are made anew before they expire. */
export interface TokenSupply {
  /** Tokens that live for a quarter of an hour at least. */
  take(count: number): readonly string[]
}

const FRESH_MS = (TTL_SECONDS * 1000) / 2

export function createSupply(key: BenchKey): TokenSupply {
  let tokens: string[] = []
  let madeAt = Date.now()
  return {
    take(count) {
      if (Date.now() - madeAt > FRESH_MS) tokens = []
      if (tokens.length === 0) madeAt = Date.now()
      if (tokens.length < count) tokens = [...tokens, ...signTokens(key, count - tokens.length)]
      return tokens.slice(0, count)
    },
  }
}
