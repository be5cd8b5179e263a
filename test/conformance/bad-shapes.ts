import { sign } from 'node:crypto'
import { CompactEncrypt, FlattenedSign, GeneralSign } from 'jose'
import type { BadToken } from './bad-headers.ts'
import { encode, type Mint } from './token-mint.ts'

/** A good token, taken apart and put together otherwise. */
const cut = (
  name: string,
  change: (header: string, payload: string, signature: string, mint: Mint) => string | Promise<string>,
): BadToken => ({
  name,
  async make(mint) {
    const [header = '', payload = '', signature = ''] = (await mint.good()).split('.')
    return change(header, payload, signature, mint)
  },
})

const segments: readonly BadToken[] = [
  cut('one segment', (h) => h),
  cut('two segments', (h, p) => `${h}.${p}`),
  cut('the signature stripped', (h, p) => `${h}.${p}.`),
  cut('four segments', (h, p, s) => `${h}.${p}.${s}.${s}`),
  cut('five segments', (h, p, s) => `${h}.${p}.${s}.${s}.${s}`),
  cut('an empty segment before', (h, p, s) => `.${h}.${p}.${s}`),
  cut('an empty segment after', (h, p, s) => `${h}.${p}.${s}.`),
  cut('no header', (_h, p, s) => `.${p}.${s}`),
  cut('no payload', (h, _p, s) => `${h}..${s}`),
  cut('two dots between', (h, p, s) => `${h}..${p}.${s}`),
  cut('the segments in another order', (h, p, s) => `${p}.${h}.${s}`),
  cut('the token twice', (h, p, s) => `${h}.${p}.${s}.${h}.${p}.${s}`),
  cut('the token in a query', (h, p, s) => `access_token=${h}.${p}.${s}`),
  cut('the token in braces', (h, p, s) => `{${h}.${p}.${s}}`),
  cut('the token encoded once more', (h, p, s) => encode(`${h}.${p}.${s}`)),
]

const signatures: readonly BadToken[] = [
  cut('half the signature', (h, p, s) => `${h}.${p}.${s.slice(0, 40)}`),
  cut('one byte of signature', (h, p) => `${h}.${p}.AA`),
  cut('a signature of zeros', (h, p, s) => `${h}.${p}.${'A'.repeat(s.length)}`),
  cut(
    'a signature with a byte too many',
    (h, p, s) =>
      `${h}.${p}.${Buffer.concat([Buffer.from(s, 'base64url'), Buffer.from([0])]).toString('base64url')}`,
  ),
  cut('a signature with its first bit flipped', (h, p, s) => {
    const bytes = Buffer.from(s, 'base64url')
    bytes[0] = (bytes[0] ?? 0) ^ 0x80
    return `${h}.${p}.${bytes.toString('base64url')}`
  }),
  cut('the signature of another token', async (h, p, _s, mint) => {
    const [, , other] = (await mint.good()).split('.')
    return `${h}.${p}.${other}`
  }),
  cut('the payload of another token', async (h, _p, s, mint) => {
    const [, other] = (await mint.good({ claims: { scope: 'admin' } })).split('.')
    return `${h}.${other}.${s}`
  }),
  cut(
    'the header of another key',
    (_h, p, s, mint) => `${encode(JSON.stringify(mint.header(mint.keys.RS256)))}.${p}.${s}`,
  ),
  cut('the last letter of the signature in another case', (h, p, s) => {
    const last = s.slice(-1)
    return `${h}.${p}.${s.slice(0, -1)}${last === last.toUpperCase() ? last.toLowerCase() : last.toUpperCase()}`
  }),
  {
    name: 'an ECDSA signature in DER',
    make(mint) {
      const key = mint.keys.ES256
      const input = `${encode(JSON.stringify(mint.header(key)))}.${encode(JSON.stringify(mint.claims()))}`
      const der = sign('sha256', Buffer.from(input), key.privateKey)
      return `${input}.${der.toString('base64url')}`
    },
  },
  ...Object.entries({ zeros: 0, ones: 0xff }).map(
    ([name, byte]): BadToken => ({
      name: `an ECDSA signature of ${name}`,
      async make(mint) {
        const [h, p] = (await mint.good({ key: mint.keys.ES256 })).split('.')
        return `${h}.${p}.${Buffer.alloc(64, byte).toString('base64url')}`
      },
    }),
  ),
  {
    name: 'an RSA signature of zeros',
    async make(mint) {
      const [h, p] = (await mint.good({ key: mint.keys.RS256 })).split('.')
      return `${h}.${p}.${Buffer.alloc(256).toString('base64url')}`
    },
  },
]

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** The same signature, its last letter with spare bits set. */
function withSpareBits(signature: string, bits: number): string {
  const last = BASE64URL.indexOf(signature.slice(-1))
  return `${signature.slice(0, -1)}${BASE64URL[last | bits]}`
}

const spellings: readonly BadToken[] = [
  ...[1, 2, 3, 15].map((bits) =>
    cut(`spare bits ${bits} in the signature`, (h, p, s) => `${h}.${p}.${withSpareBits(s, bits)}`),
  ),
  ...(['RS256', 'ES256'] as const).map(
    (alg): BadToken => ({
      name: `spare bits in an ${alg} signature`,
      async make(mint) {
        const [h, p, s = ''] = (await mint.good({ key: mint.keys[alg] })).split('.')
        return `${h}.${p}.${withSpareBits(s, 1)}`
      },
    }),
  ),
  cut('padding after the signature', (h, p, s) => `${h}.${p}.${s}==`),
  cut('padding after the payload', (h, p, s) => `${h}.${p}=.${s}`),
  {
    name: 'padding after the payload, signed so',
    make(mint) {
      const payload = encode(`${JSON.stringify(mint.claims())}  `.replace(/ {0,2}$/, ''))
      return mint.sealed(`${encode(JSON.stringify(mint.header(mint.keys.EdDSA)))}.${payload}==`)
    },
  },
  ...[' ', '\t', '%20', '%2e', '+', '/', '=', '~', '\u00a0', '\u00ff', ','].flatMap((odd) => [
    cut(
      `${JSON.stringify(odd)} in the signature`,
      (h, p, s) => `${h}.${p}.${s.slice(0, 9)}${odd}${s.slice(9)}`,
    ),
    cut(
      `${JSON.stringify(odd)} in the payload`,
      (h, p, s) => `${h}.${p.slice(0, 8)}${odd}${p.slice(8)}.${s}`,
    ),
  ]),
  cut('the plain base64 alphabet', (h, p) => `${h}.${p}.${'+/'.repeat(43)}`),
]

const KEY = new Uint8Array(32)
const NESTED = '['.repeat(2500) + ']'.repeat(2500)

const others: readonly BadToken[] = [
  {
    name: 'a JWE under a shared key',
    make: (mint) =>
      new CompactEncrypt(new TextEncoder().encode(JSON.stringify(mint.claims())))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', typ: 'at+jwt', kid: 'first' })
        .encrypt(KEY),
  },
  ...Object.entries({ 'RSA-OAEP-256': 'RS256', 'ECDH-ES': 'ES256' } as const).map(
    ([alg, name]): BadToken => ({
      name: `a JWE for our public key by ${alg}, an unsigned token inside`,
      async make(mint) {
        const header = { alg, enc: 'A256GCM', typ: 'at+jwt', kid: mint.keys[name].kid, cty: 'JWT' }
        const [, payload = ''] = (await mint.good()).split('.')
        return new CompactEncrypt(new TextEncoder().encode(`${encode('{"alg":"none"}')}.${payload}.`))
          .setProtectedHeader(header)
          .encrypt(mint.keys[name].publicKey)
      },
    }),
  ),
  {
    name: 'a JWE for our public key, a good token inside',
    async make(mint) {
      const { publicKey, kid } = mint.keys.RS256
      return new CompactEncrypt(new TextEncoder().encode(await mint.good()))
        .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', typ: 'at+jwt', kid, cty: 'JWT' })
        .encrypt(publicKey)
    },
  },
  {
    name: 'the flattened JSON serialisation',
    async make(mint) {
      const jws = new FlattenedSign(new TextEncoder().encode(JSON.stringify(mint.claims())))
      const signed = await jws
        .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: 'first' })
        .sign(mint.keys.EdDSA.privateKey)
      return JSON.stringify(signed)
    },
  },
  {
    name: 'the general JSON serialisation',
    async make(mint) {
      const jws = new GeneralSign(new TextEncoder().encode(JSON.stringify(mint.claims())))
      jws
        .addSignature(mint.keys.EdDSA.privateKey)
        .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: 'first' })
      return JSON.stringify(await jws.sign())
    },
  },
  {
    name: 'a good token inside a signed token',
    async make(mint) {
      return mint.signed(JSON.stringify(mint.header(mint.keys.EdDSA, { cty: 'JWT' })), await mint.good())
    },
  },
  {
    name: 'a token of more than 8 KiB',
    make: (mint) => mint.good({ claims: { x: 'x'.repeat(6200) } }),
  },
  {
    name: 'a token of 12 KiB',
    make: (mint) => mint.good({ claims: { x: 'x'.repeat(9000) } }),
  },
  ...[1, 2, 3, 4, 5, 100, 8000].map(
    (dots): BadToken => ({ name: `${dots} dots`, make: () => '.'.repeat(dots) }),
  ),
  {
    name: "a header nested as deep as fits, under another's key",
    make: (mint) => {
      const { alg, kid } = mint.attacker
      const nested = `{"alg":"${alg}","kid":"${kid}","typ":"at+jwt","x":${NESTED}}`
      return mint.signed(nested, JSON.stringify(mint.claims()), mint.attacker)
    },
  },
  {
    name: "claims nested as deep as fits, under another's key",
    make: (mint) =>
      mint.signed(JSON.stringify(mint.header(mint.attacker, { kid: 'first' })), NESTED, mint.attacker),
  },
  { name: 'letters of 8 KiB', make: () => 'A'.repeat(8192) },
  { name: 'letters of 8 KiB in three segments', make: () => `${'A'.repeat(2700)}.`.repeat(3).slice(0, -1) },
  {
    name: 'an id token',
    make: (mint) => mint.forged({ header: { typ: 'JWT' }, claims: { nonce: 'n', aud: 'web' } }),
  },
  {
    name: 'a logout token',
    make: (mint) =>
      mint.forged({
        header: { typ: 'logout+jwt' },
        claims: { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
      }),
  },
]

export const badShapes: readonly BadToken[] = [...segments, ...signatures, ...spellings, ...others]
