import { createHmac, createPublicKey, sign } from 'node:crypto'
import { keyPair } from '../../support/key-pair.ts'
import { type BrowserKey, browserKey, proofBy } from './browser.ts'

export interface Situation {
  /** The key that the browser would prove. */
  readonly key: BrowserKey
  readonly challenge: string
}

export interface BadProof {
  readonly name: string
  readonly reason: string
  make(situation: Situation): string | readonly string[] | Promise<string | readonly string[]>
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The proof with another header, claims or signature, whatever that signature is of. */
function patched(proof: string, parts: { header?: object; claims?: object; signature?: string }): string {
  const [header = '', claims = '', signature = ''] = proof.split('.')
  return [
    parts.header === undefined ? header : encode(parts.header),
    parts.claims === undefined ? claims : encode(parts.claims),
    parts.signature ?? signature,
  ].join('.')
}

const hmacBy = (key: BrowserKey, header: object, claims: object): string => {
  const input = `${encode(header)}.${encode(claims)}`
  const secret = createPublicKey(key.privateKey).export({ type: 'spki', format: 'pem' })
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

/** A proof with any claims, even those that no library would write. */
const signedBy = ({ privateKey: key }: BrowserKey, header: object, claims: object): string => {
  const input = `${encode(header)}.${encode(claims)}`
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

const other = browserKey()
const weak = browserKey('RS256', 1024)
const edwards = keyPair('ed25519')
const p384 = keyPair('ec', { namedCurve: 'P-384' })
const private384 = {
  alg: 'ES384',
  jwk: p384.publicKey.export({ format: 'jwk' }),
  privateKey: p384.privateKey,
}
const ed = {
  alg: 'EdDSA',
  jwk: edwards.publicKey.export({ format: 'jwk' }),
  privateKey: edwards.privateKey,
}

/** Proofs that are bad wherever they are sent. `named`: what their header says of the key. */
const anywhere = (named: (key: BrowserKey) => object): readonly BadProof[] => {
  const good = ({ key, challenge }: Situation): Promise<string> =>
    proofBy(key, { jti: challenge }, { ...named(key) })
  const withHeader =
    (more: object) =>
    ({ key, challenge }: Situation) =>
      proofBy(key, { jti: challenge }, { ...named(key), ...more })
  return [
    { name: 'nothing but text', reason: 'malformed', make: () => 'proof' },
    { name: 'five parts', reason: 'malformed', make: async (here) => `${await good(here)}.a.b` },
    { name: 'more than 8192 characters', reason: 'malformed', make: () => `e${'a'.repeat(8200)}.e30.AA` },
    { name: 'another type', reason: 'type', make: withHeader({ typ: 'dpop+jwt' }) },
    { name: 'the type jwt', reason: 'type', make: withHeader({ typ: 'jwt' }) },
    {
      name: 'no type',
      reason: 'type',
      make: async ({ key, challenge }) =>
        patched(await good({ key, challenge }), { header: { alg: key.alg, ...named(key) } }),
    },
    {
      name: 'alg none, unsigned',
      reason: 'algorithm',
      make: ({ key, challenge }) =>
        `${encode({ alg: 'none', typ: 'dbsc+jwt', ...named(key) })}.${encode({ jti: challenge })}.AA`,
    },
    {
      name: 'HS256 with the public key as the secret',
      reason: 'algorithm',
      make: ({ key, challenge }) =>
        hmacBy(key, { alg: 'HS256', typ: 'dbsc+jwt', ...named(key) }, { jti: challenge }),
    },
    {
      name: 'another algorithm in the header than that of the signature',
      reason: 'algorithm',
      make: async (here) =>
        patched(await good(here), { header: { alg: 'PS256', typ: 'dbsc+jwt', ...named(here.key) } }),
    },
    {
      name: 'a critical extension',
      reason: 'header',
      make: async (here) =>
        patched(await good(here), {
          header: { alg: here.key.alg, typ: 'dbsc+jwt', crit: ['x'], x: 1, ...named(here.key) },
        }),
    },
    {
      name: 'the signature of another proof',
      reason: 'signature',
      make: async (here) =>
        patched(await good(here), {
          signature: (await good({ ...here, challenge: 'x' })).split('.')[2] ?? '',
        }),
    },
    {
      name: 'the signature of another key',
      reason: 'signature',
      make: ({ key, challenge }) =>
        proofBy({ ...other, alg: key.alg }, { jti: challenge }, { ...named(key) }),
    },
    { name: 'no challenge', reason: 'claims', make: ({ key }) => proofBy(key, {}, { ...named(key) }) },
    {
      name: 'a challenge that is a number',
      reason: 'claims',
      make: async (here) =>
        signedBy(here.key, { alg: here.key.alg, typ: 'dbsc+jwt', ...named(here.key) }, { jti: 5 }),
    },
  ]
}

export const badRegistrations: readonly BadProof[] = [
  ...anywhere((key) => ({ jwk: key.jwk })),
  { name: 'no key', reason: 'key', make: ({ key, challenge }) => proofBy(key, { jti: challenge }) },
  {
    name: 'the key among the claims, as of old',
    reason: 'key',
    make: ({ key, challenge }) => proofBy(key, { jti: challenge, key: key.jwk, jwk: key.jwk }),
  },
  {
    name: 'a private key',
    reason: 'key',
    make: ({ key, challenge }) =>
      proofBy(key, { jti: challenge }, { jwk: key.privateKey.export({ format: 'jwk' }) }),
  },
  {
    name: 'an RSA key of 1024 bits',
    reason: 'key',
    make: ({ challenge }) =>
      signedBy(weak, { alg: 'RS256', typ: 'dbsc+jwt', jwk: weak.jwk }, { jti: challenge }),
  },
  {
    name: 'a key on another curve',
    reason: 'algorithm',
    make: ({ challenge }) => proofBy(private384, { jti: challenge }, { jwk: private384.jwk }),
  },
  {
    name: 'EdDSA, which browsers are not asked for',
    reason: 'algorithm',
    make: ({ challenge }) => proofBy(ed, { jti: challenge }, { jwk: ed.jwk }),
  },
  {
    name: 'a symmetric key',
    reason: 'key',
    make: ({ key, challenge }) => proofBy(key, { jti: challenge }, { jwk: { kty: 'oct', k: 'AAAA' } }),
  },
  {
    name: 'another key than that of the signature',
    reason: 'signature',
    make: ({ key, challenge }) => proofBy(key, { jti: challenge }, { jwk: other.jwk }),
  },
  {
    name: 'a challenge of nobody',
    reason: 'challenge',
    make: ({ key }) => proofBy(key, { jti: 'a challenge' }, { jwk: key.jwk }),
  },
  {
    name: 'a challenge with another last character',
    reason: 'challenge',
    make: ({ key, challenge }) => {
      const last = challenge.endsWith('A') ? 'B' : 'A'
      return proofBy(key, { jti: challenge.slice(0, -1) + last }, { jwk: key.jwk })
    },
  },
]

export const badLaterProofs: readonly BadProof[] = [
  ...anywhere(() => ({})),
  {
    name: 'its key in the header, which only a registration has',
    reason: 'header',
    make: ({ key, challenge }) => proofBy(key, { jti: challenge }, { jwk: key.jwk }),
  },
  {
    name: 'the other algorithm that a key may have',
    reason: 'algorithm',
    make: ({ challenge }) => {
      const rsa = browserKey('RS256')
      return proofBy(rsa, { jti: challenge })
    },
  },
]
