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

export interface NaiveClaims {
  readonly sub: string
  readonly role: string
}

interface NaiveTokens {
  sign(person: Pick<Person, 'name' | 'role'>, days: number, audience?: string): string
  verify(token: string): NaiveClaims | undefined
  addKey(): void
  publicKeys(): readonly object[]
  close(): void
}

/** Signs and verifies as a quick start shows it. The holes are the exercises of EXERCISES.md: do not copy this file. */
export function createNaiveTokens(now: () => number): NaiveTokens {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-lab-'))
  mkdirSync(join(folder, 'keys'))
  mkdirSync(join(folder, 'public'))
  writeFileSync(join(folder, 'public', 'robots.txt'), ROBOTS)

  const keys: { kid: string; privateKey: KeyObject }[] = []
  function addKey(): void {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const kid = `key-${keys.length + 1}.pem`
    writeFileSync(join(folder, 'keys', kid), publicKey.export({ type: 'spki', format: 'pem' }))
    keys.unshift({ kid, privateKey })
  }
  addKey()

  function sign(person: Pick<Person, 'name' | 'role'>, days: number, audience: string = AUDIENCE): string {
    const [key] = keys
    if (key === undefined) throw new Error('there is no key')
    const iat = Math.floor(now() / 1000)
    const claims = {
      iss: ISSUER,
      aud: audience,
      sub: person.name,
      role: person.role,
      iat,
      jti: crypto.randomUUID(),
    }
    return jwt.sign(claims, key.privateKey, {
      algorithm: 'ES256',
      keyid: key.kid,
      expiresIn: `${days}d`,
    })
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
    ...{ sign, verify, addKey },
    publicKeys: () =>
      keys.map(({ kid, privateKey }) => ({ ...createPublicKey(privateKey).export({ format: 'jwk' }), kid })),
    close: () => rmSync(folder, { recursive: true }),
  }
}

interface TokenHeader {
  readonly alg: jwt.Algorithm
  readonly kid: string
  readonly jwk?: JsonWebKey
}
