import {
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import jwt from 'jsonwebtoken'
import { AUDIENCE, ISSUER, type Person, ROBOTS } from './people.ts'

type Lifetime = NonNullable<jwt.SignOptions['expiresIn']>

export interface NaiveClaims {
  readonly sub: string
  readonly role: string
}

interface NaiveTokens {
  sign(person: Person, expiresIn: Lifetime): string
  /** Signs with the first key, which is the one that leaks. */
  signWithLeaked(person: Person, audience?: string): string
  verify(token: string): NaiveClaims | undefined
  addKey(): unknown
  publicKeys(): readonly object[]
  close(): void
}

/** Signs and verifies as a quick start shows it. The holes are the exercises of EXERCISES.md: do not copy this file. */
export function createNaiveTokens(now: () => number): NaiveTokens {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-lab-'))
  mkdirSync(join(folder, 'keys'))
  mkdirSync(join(folder, 'public'))
  writeFileSync(join(folder, 'public', 'robots.txt'), ROBOTS)

  const keys: SigningKey[] = []
  function addKey(): SigningKey {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const kid = `key-${keys.length + 1}.pem`
    writeFileSync(join(folder, 'keys', kid), publicKey.export({ type: 'spki', format: 'pem' }))
    const key = { kid, privateKey }
    keys.unshift(key)
    return key
  }
  const leaked = addKey()

  function signWith(
    { kid, privateKey }: SigningKey,
    { name, role }: Person,
    expiresIn: Lifetime,
    aud: string = AUDIENCE,
  ): string {
    const iat = Math.floor(now() / 1000)
    const claims = { iss: ISSUER, aud, sub: name, role, iat, jti: crypto.randomUUID() }
    return jwt.sign(claims, privateKey, { algorithm: 'ES256', keyid: kid, expiresIn })
  }

  /** The token says by which algorithm and by which key it is to be verified. */
  function keyFor({ alg, kid, jwk }: TokenHeader): KeyObject | '' {
    if (alg === 'none') return ''
    if (jwk !== undefined) return createPublicKey({ key: jwk, format: 'jwk' })
    const pem = readFileSync(join(folder, 'keys', kid))
    return alg.startsWith('HS') ? createSecretKey(pem) : createPublicKey(pem)
  }

  function verify(token: string): NaiveClaims | undefined {
    try {
      const header = jwt.decode(token, { complete: true })?.header as unknown as TokenHeader
      const settings = { algorithms: [header.alg], clockTimestamp: Math.floor(now() / 1000) }
      return jwt.verify(token, keyFor(header), settings) as unknown as NaiveClaims
    } catch {
      return undefined
    }
  }

  return {
    ...{ verify, addKey },
    sign: (person, expiresIn) => signWith(keys[0] ?? leaked, person, expiresIn),
    signWithLeaked: (person, audience) => signWith(leaked, person, '1d', audience),
    publicKeys: () =>
      keys.map(({ kid, privateKey }) => ({ ...createPublicKey(privateKey).export({ format: 'jwk' }), kid })),
    close: () => rmSync(folder, { recursive: true }),
  }
}

interface SigningKey {
  readonly kid: string
  readonly privateKey: KeyObject
}

interface TokenHeader {
  readonly alg: jwt.Algorithm
  readonly kid: string
  readonly jwk?: JsonWebKey
}
