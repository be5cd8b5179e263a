import type { JWK } from 'jose'
import { keyPair } from '../../support/key-pair.ts'
import {
  type About,
  athOf,
  claimsOf,
  headerOf,
  macProof,
  type ProofKey,
  proof,
  proofKey,
  signatureOf,
  signed,
} from './proofs.ts'

/** A request with a good token that is bound to the client's key, and a bad proof beside it. */
export interface BadProof {
  readonly name: string
  /** The values of the header `DPoP`, each in a field of its own. */
  make(about: About): string | readonly string[] | Promise<string | readonly string[]>
  /** The reason in the event. */
  readonly reason: string
  /** The error that the client sees. Default `invalid_dpop_proof`. */
  readonly error?: 'invalid_token'
  /** Whether the oracle accepts the proof, which it may where we are stricter than RFC 9449 says. */
  readonly oracle?: 'accepts' | 'refuses'
}

const bad = (
  reason: string,
  name: string,
  make: BadProof['make'],
  more: Partial<BadProof> = {},
): BadProof => ({
  ...{ name, reason: `dpop_${reason}`, make },
  ...more,
})
const header = (
  reason: string,
  name: string,
  changes: Readonly<Record<string, unknown>>,
  more: Partial<BadProof> = {},
): BadProof => bad(reason, name, (about) => proof(about, { header: changes }), more)
const claims = (
  reason: string,
  name: string,
  changes: Readonly<Record<string, unknown>>,
  more: Partial<BadProof> = {},
): BadProof => bad(reason, name, (about) => proof(about, { claims: changes }), more)
/** Claims that depend on what the proof is for. */
const claim = (
  reason: string,
  name: string,
  change: (about: About) => Readonly<Record<string, unknown>>,
  more: Partial<BadProof> = {},
): BadProof => bad(reason, name, (about) => proof(about, { claims: change(about) }), more)
const jwk = (name: string, change: (own: ProofKey) => unknown, more: Partial<BadProof> = {}): BadProof =>
  bad('key', name, (about) => proof(about, { header: { jwk: change(about.key) } }), more)
/** A proof by a key of another kind. */
const otherKey = (name: string, make: () => Promise<ProofKey>, more: Partial<BadProof> = {}): BadProof =>
  bad('key', name, async (about) => proof({ ...about, key: await make() }), more)
const part = (
  about: About,
  change: (header: string, payload: string, signature: string) => string,
): string => {
  const [first = '', second = '', third = ''] = proof(about).split('.')
  return change(first, second, third)
}
const exotic = (type: string, options: object = {}): JWK =>
  keyPair(type, options).publicKey.export({ format: 'jwk' }) as JWK

const count: readonly BadProof[] = [
  bad('missing', 'no proof', () => []),
  bad('malformed', 'an empty header', () => ''),
  bad('repeated', 'two proofs', (about) => [proof(about), proof(about)]),
  bad('repeated', 'the same proof twice', (about) => Array<string>(2).fill(proof(about))),
  bad('repeated', 'a proof and an empty header', (about) => [proof(about), '']),
  bad('repeated', 'two proofs in one header', (about) => `${proof(about)}, ${proof(about)}`),
]

const shapes: readonly BadProof[] = [
  bad('malformed', 'a word', () => 'proof'),
  bad('malformed', 'a string in quotes', (about) => `"${proof(about)}"`),
  bad('malformed', 'two segments', (about) => part(about, (one, two) => `${one}.${two}`)),
  bad('malformed', 'four segments', (about) => `${proof(about)}.AAAA`),
  bad('malformed', 'five segments, as an encrypted one', (about) =>
    part(about, (one, two, three) => `${one}.${two}.${three}.AAAA.AAAA`),
  ),
  bad('malformed', 'no signature', (about) => part(about, (one, two) => `${one}.${two}.`)),
  bad('malformed', 'no payload', (about) => part(about, (one, _two, three) => `${one}..${three}`)),
  bad('malformed', 'padding', (about) => `${proof(about)}==`, { oracle: 'accepts' }),
  bad('malformed', 'spare bits in the last letter', spareBits, { oracle: 'accepts' }),
  bad('malformed', 'a blank in it', (about) => part(about, (one, two, three) => `${one}. ${two}.${three}`)),
  bad('malformed', 'plus and slash', (about) =>
    part(about, (one, two) => `${one}.${two}.${'+/'.repeat(43)}`),
  ),
  bad('malformed', 'JSON serialisation', (about) =>
    part(about, (one, two, three) =>
      JSON.stringify({ payload: two, protected: one, signature: three }).replaceAll(',', ' '),
    ),
  ),
  bad('malformed', 'over 8192 characters', (about) => proof(about, { claims: { more: 'x'.repeat(6200) } }), {
    oracle: 'accepts',
  }),
  bad('malformed', 'a header that is no JSON', (about) =>
    signed('header', JSON.stringify(claimsOf(about)), about.key),
  ),
  bad('malformed', 'a header that is an array', (about) =>
    signed(JSON.stringify([headerOf(about)]), JSON.stringify(claimsOf(about)), about.key),
  ),
  bad(
    'malformed',
    'a header behind a byte order mark',
    (about) =>
      signed(`\u{feff}${JSON.stringify(headerOf(about))}`, JSON.stringify(claimsOf(about)), about.key),
    { oracle: 'accepts' },
  ),
  bad('malformed', 'a header that is cut off', (about) =>
    signed(JSON.stringify(headerOf(about)).slice(0, -1), JSON.stringify(claimsOf(about)), about.key),
  ),
]

/** The same bytes, in a spelling that decoders read all the same. */
function spareBits(about: About): string {
  const good = proof(about)
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return good.slice(0, -1) + letters[letters.indexOf(good.slice(-1)) + 1]
}

const types: readonly BadProof[] = [
  header('type', 'no typ', { typ: undefined }),
  ...['JWT', 'at+jwt', 'dpop', 'dpop+jws', ''].map((typ) =>
    header('type', `typ ${JSON.stringify(typ)}`, { typ }),
  ),
  ...['DPOP+JWT', 'application/dpop+jwt'].map((typ) =>
    header('type', `typ ${typ}`, { typ }, { oracle: 'accepts' }),
  ),
  header('type', 'a typ that is an array', { typ: ['dpop+jwt'] }),
]

const algorithms: readonly BadProof[] = [
  header('algorithm', 'no alg', { alg: undefined }),
  ...[
    'none',
    'NONE',
    'HS256',
    'es256',
    'ES384',
    'ES512',
    'ES256K',
    'RS1',
    'RS512',
    'PS512',
    'RSA-OAEP',
    'dir',
    '',
  ].map((alg) => header('algorithm', `alg ${JSON.stringify(alg)}`, { alg })),
  header('algorithm', 'an alg that is an array', { alg: ['ES256'] }),
  bad('algorithm', 'HS256 under a key that it brings along', (about) =>
    macProof(about, 'HS256', 'secret', { kty: 'oct', k: Buffer.from('secret').toString('base64url') }),
  ),
  bad('algorithm', 'HS256 under the public key', (about) =>
    macProof(about, 'HS256', JSON.stringify(about.key.jwk), about.key.jwk),
  ),
  header('key', 'EdDSA with a P-256 key', { alg: 'EdDSA' }),
  header('key', 'RS256 with a P-256 key', { alg: 'RS256' }),
]

const keys: readonly BadProof[] = [
  jwk('no jwk', () => undefined),
  jwk('a jwk that is null', () => null),
  jwk('a jwk that is a string', (own) => JSON.stringify(own.jwk)),
  jwk('a jwk that is an array', (own) => [own.jwk]),
  jwk('an empty jwk', () => ({})),
  jwk('a private key', (own) => own.privateJwk),
  jwk('a private member that is null', (own) => ({ ...own.jwk, d: null })),
  jwk('a private member of another kind of key', (own) => ({ ...own.jwk, p: 'AQAB' }), { oracle: 'accepts' }),
  jwk('a symmetric key', () => ({ kty: 'oct', k: 'AAAA' })),
  jwk('a symmetric member beside it', (own) => ({ ...own.jwk, k: 'AAAA' }), { oracle: 'accepts' }),
  jwk('no x', (own) => ({ ...own.jwk, x: undefined })),
  jwk('an x that is a number', (own) => ({ ...own.jwk, x: 5 })),
  jwk('a point that is not on the curve', (own) => ({ ...own.jwk, y: own.jwk.x })),
  jwk('the name of another curve', (own) => ({ ...own.jwk, crv: 'P-384' })),
  jwk('a key for encryption', (own) => ({ ...own.jwk, use: 'enc' }), { oracle: 'accepts' }),
  jwk('a key for signing alone', (own) => ({ ...own.jwk, key_ops: ['sign'] }), { oracle: 'accepts' }),
  jwk('a key of another algorithm', (own) => ({ ...own.jwk, alg: 'ES384' })),
  jwk('a key on P-384', () => exotic('ec', { namedCurve: 'P-384' })),
  jwk('a key on secp256k1', () => exotic('ec', { namedCurve: 'secp256k1' })),
  jwk('a key for key agreement', () => exotic('x25519')),
  jwk('a key on Ed448', () => exotic('ed448')),
  otherKey('an RSA key of 1024 bits', () => proofKey('RS256', { modulusLength: 1024 })),
  otherKey('an RSA key with the exponent 3', () => proofKey('RS256', { publicExponent: 3 })),
  otherKey('an RSA key of 6144 bits', async () => {
    const key = await proofKey('RS256')
    return { ...key, jwk: { ...key.jwk, n: `x${'A'.repeat(1023)}` } }
  }),
  otherKey('an RSA key with a huge exponent', async () => {
    const key = await proofKey('RS256')
    return { ...key, jwk: { ...key.jwk, e: `${'A'.repeat(300)}AQAB` } }
  }),
]

const extensions: readonly BadProof[] = [
  header('header', 'crit', { crit: ['exp'], exp: 1 }),
  header('header', 'an empty crit', { crit: [] }),
  header('header', 'crit with b64', { crit: ['b64'], b64: true }),
  header('header', 'b64 alone', { b64: false }, { oracle: 'accepts' }),
]

const signatures: readonly BadProof[] = [
  bad('signature', 'a changed payload', (about) =>
    part(
      about,
      (one, _two, three) =>
        `${one}.${Buffer.from(JSON.stringify(claimsOf(about))).toString('base64url')}.${three}`,
    ),
  ),
  bad('signature', 'a changed signature', (about) =>
    part(about, (one, two) => `${one}.${two}.${'A'.repeat(86)}`),
  ),
  bad('signature', "another key's signature", async (about) =>
    proof(about, { key: await proofKey('ES256') }),
  ),
  bad('signature', 'half of the signature', (about) =>
    part(
      about,
      (one, two) =>
        `${one}.${two}.${signatureOf(`${one}.${two}`, about.key).subarray(0, 32).toString('base64url')}`,
    ),
  ),
]

const malformedClaims: readonly BadProof[] = [
  ...['payload', '[]', '"x"', 'null', '5', '']
    .filter(Boolean)
    .map((payload) =>
      bad('claims', `the payload ${payload}`, (about) =>
        signed(JSON.stringify(headerOf(about)), payload, about.key),
      ),
    ),
  bad('claims', 'a payload that is not UTF-8', (about) =>
    signed(
      JSON.stringify(headerOf(about)),
      Buffer.concat([Buffer.from('{"x":"'), Buffer.of(0xff), Buffer.from('"}')]),
      about.key,
    ),
  ),
  ...['jti', 'htm', 'htu', 'iat'].flatMap((name) => [
    claims('claims', `no ${name}`, { [name]: undefined }),
    claims('claims', `${name} that is null`, { [name]: null }),
    claims('claims', `${name} that is an object`, { [name]: {} }),
  ]),
  claims('claims', 'an empty jti', { jti: '' }, { oracle: 'accepts' }),
  claims('claims', 'a jti that is a number', { jti: 5 }),
  claims('claims', 'a jti of 256 characters', { jti: 'x'.repeat(256) }, { oracle: 'accepts' }),
  claim('claims', 'an iat that is a string', ({ now }) => ({ iat: String(Math.floor(now / 1000)) })),
  claims('claims', 'a negative iat', { iat: -1 }),
  claims('claims', 'an ath that is a number', { ath: 5 }),
  claims('claims', 'a nonce that is a number', { nonce: 5 }, { oracle: 'accepts' }),
]

const targets: readonly BadProof[] = [
  ...['get', 'POST', 'HEAD', 'GET ', '', '*'].map((htm) =>
    claims('method', `htm ${JSON.stringify(htm)}`, { htm }),
  ),
  ...[
    ['another path', '/you'],
    ['the path in other letters', '/ME'],
    ['a slash behind the path', '/me/'],
    ['a path below it', '/me/me'],
    ['no path', ''],
    ['a path with two slashes', '//me'],
    ['a slash that is encoded', '/%2Fme'],
    ['an encoded question mark', '/me%3Fx'],
  ].map(([name = '', path = '']) => claim('url', name, ({ url }) => ({ htu: new URL(url).origin + path }))),
  claim('url', 'a path behind a backslash', ({ url }) => ({ htu: `${new URL(url).origin}\\me` }), {
    oracle: 'accepts',
  }),
  claim('url', 'a line feed behind the path', ({ url }) => ({ htu: `${url}\n` }), { oracle: 'accepts' }),
  claim('url', 'white space before it', ({ url }) => ({ htu: ` ${url}` }), { oracle: 'accepts' }),
  claim('url', 'a user', ({ url }) => ({ htu: url.replace('//', '//user@') })),
  claim('url', 'another scheme', ({ url }) => ({ htu: url.replace('http:', 'https:') })),
  claim('url', 'another host', ({ url }) => ({ htu: url.replace('127.0.0.1', 'localhost') })),
  claim('url', 'another port', ({ url }) => ({ htu: url.replace(/:\d+/, ':1') })),
  claim('url', 'no port', ({ url }) => ({ htu: url.replace(/:\d+/, '') })),
  ...['/me', '//127.0.0.1/me', 'http:me', 'urn:me', 'http://', 'http:///me', ''].map((htu) =>
    claims('url', `htu ${JSON.stringify(htu)}`, { htu }),
  ),
]

const seconds = ({ now }: About): number => Math.floor(now / 1000)
const times: readonly BadProof[] = [
  claim('time', 'an iat 62 s ago', (about) => ({ iat: seconds(about) - 62 }), { oracle: 'accepts' }),
  claim('time', 'an iat 7 s ahead', (about) => ({ iat: seconds(about) + 7 }), { oracle: 'accepts' }),
  claims('time', 'an iat of 1970', { iat: 0 }),
  claims('time', 'an iat in milliseconds', { iat: Date.now() }),
  claims('time', 'an iat that no date has', { iat: 1e300 }),
  claim('time', 'an exp that is over', (about) => ({ exp: seconds(about) - 1 }), { oracle: 'accepts' }),
  claim('time', 'an nbf 7 s ahead', (about) => ({ nbf: seconds(about) + 7 }), { oracle: 'accepts' }),
]

const tokens: readonly BadProof[] = [
  claims('token', 'no ath', { ath: undefined }),
  claims('token', 'an empty ath', { ath: '' }),
  claims('token', 'the ath of another token', { ath: athOf('another') }),
  claim('token', 'an ath with padding', ({ token = '' }) => ({ ath: `${athOf(token)}=` })),
  claim('token', 'an ath of the scheme and the token', ({ token = '' }) => ({ ath: athOf(`DPoP ${token}`) })),
  bad(
    'holder',
    "a stolen token with the thief's own proof",
    async (about) => proof({ ...about, key: await proofKey('ES256') }),
    { error: 'invalid_token' },
  ),
  bad(
    'holder',
    "a stolen token with the thief's own proof by RSA",
    async (about) => proof({ ...about, key: await proofKey('PS256') }),
    { error: 'invalid_token' },
  ),
]

export const badProofs: readonly BadProof[] = [
  ...[...count, ...shapes, ...types, ...algorithms, ...keys, ...extensions, ...signatures],
  ...[...malformedClaims, ...targets, ...times, ...tokens],
]

/** One of each kind, for the frameworks beside the first. */
export const someBadProofs: readonly BadProof[] = [
  ...[
    count,
    shapes,
    types,
    algorithms,
    keys,
    extensions,
    signatures,
    malformedClaims,
    targets,
    times,
    tokens,
  ],
].flatMap(([first, second]) => [first, second].flatMap((one) => one ?? []))
