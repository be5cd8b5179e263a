import { createHmac, KeyObject, sign as signBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose'

export type Alg = 'EdDSA' | 'RS256' | 'ES256'

/** A key of the ring that the hosts are given, or of somebody else. */
export interface MintKey {
  readonly alg: Alg
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly jwk: JWK
  readonly publicJwk: JWK
}

export type Claims = Readonly<Record<string, unknown>>
export type Header = Readonly<Record<string, unknown>>

/** How a token differs from a good one; a member that is `undefined` is left out. */
export interface Changes {
  readonly header?: Header
  readonly claims?: Claims
  readonly key?: MintKey
}

/** What a host's tokens are made of, so that the tests can make any token that it could have made itself. */
export class Mint {
  readonly keys: Readonly<Record<Alg, MintKey>>
  /** Of nobody whom the hosts know. */
  readonly attacker: MintKey
  /** Where a server listens that no host may ask. */
  readonly trap: string
  /** Claims of a session that really exists. */
  readonly base: Claims
  /** The token that the host made for that session. */
  readonly original: string

  constructor(keys: Mint['keys'], attacker: MintKey, trap: string, base: Claims, original = '') {
    this.keys = keys
    this.attacker = attacker
    this.trap = trap
    this.base = base
    this.original = original
  }

  get now(): number {
    return Math.floor(Date.now() / 1000)
  }

  /** The claims of a good token, changed. */
  claims(changes: Claims = {}): Claims {
    const { iss, aud, sub, sid, client_id, scope } = this.base
    const lifetime = { exp: this.now + 600, iat: this.now }
    return { iss, aud, sub, sid, client_id, scope, jti: crypto.randomUUID(), ...lifetime, ...changes }
  }

  header(key: MintKey, changes: Header = {}): Header {
    return { alg: key.alg, typ: 'at+jwt', kid: key.kid, ...changes }
  }

  /** A token as jose makes it. */
  good({ header, claims, key = this.keys.EdDSA }: Changes = {}): Promise<string> {
    return new SignJWT({ ...this.claims(claims) })
      .setProtectedHeader({ ...this.header(key, header), alg: key.alg })
      .sign(key.privateKey)
  }

  /** A token as nobody would make it, signed all the same. */
  forged({ header, claims, key = this.keys.EdDSA }: Changes = {}): string {
    return this.signed(JSON.stringify(this.header(key, header)), JSON.stringify(this.claims(claims)), key)
  }

  /** Signs two texts, whatever they are. */
  signed(header: string | Buffer, payload: string | Buffer, key: MintKey = this.keys.EdDSA): string {
    return this.sealed(`${encode(header)}.${encode(payload)}`, key)
  }

  /** Signs a signing input, whatever it is. */
  sealed(input: string, key: MintKey = this.keys.EdDSA): string {
    return `${input}.${signature(input, key).toString('base64url')}`
  }

  /** A token under a secret instead of a key. */
  hmac(alg: string, secret: string | Buffer, changes: Header = {}): string {
    const input = `${encode(JSON.stringify(this.header(this.keys.EdDSA, { ...changes, alg })))}.${encode(
      JSON.stringify(this.claims()),
    )}`
    const hash = `sha${alg.slice(2)}`
    return `${input}.${createHmac(hash, secret).update(input).digest('base64url')}`
  }
}

export function encode(text: string | Buffer): string {
  return Buffer.from(text).toString('base64url')
}

function signature(input: string, { alg, privateKey }: MintKey): Buffer {
  const bytes = Buffer.from(input)
  if (alg === 'EdDSA') return signBytes(null, bytes, privateKey)
  return signBytes('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' })
}

export async function makeKey(alg: Alg, kid: string): Promise<MintKey> {
  const pair = await generateKeyPair(alg, { extractable: true })
  const privateKey = KeyObject.from(pair.privateKey)
  const publicKey = KeyObject.from(pair.publicKey)
  const named = { kid, alg }
  return {
    alg,
    kid,
    privateKey,
    publicKey,
    jwk: { ...(await exportJWK(privateKey)), ...named },
    publicJwk: { ...(await exportJWK(publicKey)), ...named },
  }
}

/** Three keys, and a file of them for `SIGNING_KEYS`: the first signs. */
export async function makeRing(file: string): Promise<Mint['keys']> {
  const keys = {
    EdDSA: await makeKey('EdDSA', 'first'),
    RS256: await makeKey('RS256', 'second'),
    ES256: await makeKey('ES256', 'third'),
  }
  await writeFile(file, JSON.stringify({ keys: Object.values(keys).map((key) => key.jwk) }))
  return keys
}

/** A public key in the spellings that libraries once took for a secret. */
export async function asSecrets(key: MintKey): Promise<readonly (string | Buffer)[]> {
  const pem = await exportSPKI(key.publicKey)
  const der = key.publicKey.export({ type: 'spki', format: 'der' })
  return [
    pem,
    pem.trim(),
    der,
    JSON.stringify(key.publicJwk),
    Buffer.from(key.publicJwk.x ?? '', 'base64url'),
  ]
}
