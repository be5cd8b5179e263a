import { asSecrets, encode, type Header, type Mint } from './token-mint.ts'

/** A token that no host may accept. */
export interface BadToken {
  readonly name: string
  make(mint: Mint): string | Promise<string>
  /** It still names the session that it belonged to, so logout goes by it. */
  readonly expired?: true
}

export function shown(value: unknown): string {
  const text = value === undefined ? 'missing' : (JSON.stringify(value) ?? String(value))
  return text.length > 48 ? `${text.slice(0, 40)}… of ${text.length} characters` : text
}

const header = (name: string, change: Header): BadToken => ({
  name: `${name}: ${Object.values(change).map(shown).join(', ')}`,
  make: (mint) => mint.forged({ header: change }),
})

const NONE = ['none', 'None', 'NONE', 'nOnE', 'noNE', ' none', 'none ', 'none\0', '', null, false, 0, [], {}]

const algorithms: readonly BadToken[] = [
  ...NONE.map((alg) => header('alg', { alg })),
  header('alg', { alg: undefined }),
  header('alg', { alg: ['EdDSA'] }),
  header('alg', { alg: { EdDSA: true } }),
  ...['eddsa', 'EDDSA', 'EdDSA ', 'Ed25519', 'Ed448', 'RS256', 'ES256', 'PS256', 'HS256', 'dir'].map((alg) =>
    header('alg of something else', { alg }),
  ),
  ...['none', 'None', 'NONE', 'nOnE'].flatMap((alg) => [
    {
      name: `alg ${alg} with an empty signature`,
      make: (mint: Mint) => `${unsigned(mint, alg)}.`,
    },
    {
      name: `alg ${alg} with a signature of nothing`,
      make: (mint: Mint) => `${unsigned(mint, alg)}.AA`,
    },
    { name: `alg ${alg} without a third segment`, make: (mint: Mint) => unsigned(mint, alg) },
  ]),
  ...(['HS256', 'HS384', 'HS512'] as const).flatMap((alg) =>
    [0, 1, 2, 3, 4].map(
      (spelling): BadToken => ({
        name: `${alg} with the public key as the secret, spelling ${spelling}`,
        async make(mint) {
          return mint.hmac(alg, (await asSecrets(mint.keys.EdDSA))[spelling] ?? '')
        },
      }),
    ),
  ),
  {
    name: 'HS256 with the public RSA key as the secret',
    async make(mint) {
      return mint.hmac('HS256', (await asSecrets(mint.keys.RS256))[0] ?? '', { kid: 'second' })
    },
  },
  ...['', 'secret', 'first', '\0'].map(
    (secret): BadToken => ({
      name: `HS256 with the secret ${JSON.stringify(secret)}`,
      make: (mint) => mint.hmac('HS256', secret),
    }),
  ),
]

function unsigned(mint: Mint, alg: string): string {
  const text = JSON.stringify(mint.header(mint.keys.EdDSA, { alg }))
  return `${encode(text)}.${encode(JSON.stringify(mint.claims()))}`
}

const mixedUp: readonly BadToken[] = (['EdDSA', 'RS256', 'ES256'] as const).flatMap((signer) =>
  (['EdDSA', 'RS256', 'ES256'] as const)
    .filter((named) => named !== signer)
    .flatMap((named): BadToken[] => [
      {
        name: `signed ${signer}, naming the ${named} key`,
        make: (mint) => mint.forged({ key: mint.keys[signer], header: { kid: mint.keys[named].kid } }),
      },
      {
        name: `signed ${signer}, naming the ${named} key and its alg`,
        make: (mint) =>
          mint.forged({ key: mint.keys[signer], header: { kid: mint.keys[named].kid, alg: named } }),
      },
      {
        name: `signed ${signer}, naming its key and the alg ${named}`,
        make: (mint) => mint.forged({ key: mint.keys[signer], header: { alg: named } }),
      },
    ]),
)

const kids: readonly BadToken[] = [
  undefined,
  null,
  '',
  0,
  1,
  true,
  [],
  {},
  ['first'],
  { first: 'first' },
  'unknown',
  'FIRST',
  'first ',
  ' first',
  'first\0',
  'first\n',
  'firs\u{74}\u{200b}',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '../../../../dev/null',
  '/dev/null',
  'file:///dev/null',
  "' OR '1'='1",
  "x' UNION SELECT 'first' --",
  '| touch x',
  '*',
  '{{first}}',
  'a'.repeat(256),
  'a'.repeat(4000),
].map((kid) => header('kid', { kid }))

const shownKeys: readonly BadToken[] = [
  { name: "another's key under our kid", make: (mint) => mint.forged({ key: byAttacker(mint, 'first') }) },
  { name: "another's key under its own kid", make: (mint) => mint.forged({ key: mint.attacker }) },
  ...(['first', 'attacker', undefined] as const).flatMap((kid) =>
    Object.entries({
      jwk: (mint: Mint) => mint.attacker.publicJwk,
      jku: (mint: Mint) => `${mint.trap}/jwks.json`,
      x5u: (mint: Mint) => `${mint.trap}/chain.pem`,
      x5c: () => ['MIIB'],
      x5t: () => 'AAAA',
      iss: (mint: Mint) => mint.trap,
    }).map(
      ([member, value]): BadToken => ({
        name: `another's key, shown as ${member}, under the kid ${shown(kid)}`,
        make: (mint) => mint.forged({ key: mint.attacker, header: { kid, [member]: value(mint) } }),
      }),
    ),
  ),
  {
    name: "another's private key, shown as jwk",
    make: (mint) => mint.forged({ key: mint.attacker, header: { jwk: mint.attacker.jwk } }),
  },
  {
    name: 'a URL for a kid',
    make: (mint) => mint.forged({ key: mint.attacker, header: { kid: `${mint.trap}/key` } }),
  },
]

function byAttacker(mint: Mint, kid: string): Mint['attacker'] {
  return { ...mint.attacker, kid }
}

const critical: readonly BadToken[] = [
  header('crit', { crit: ['exp'], exp: 1 }),
  header('crit', { crit: ['kid'] }),
  header('crit', { crit: ['alg', 'typ'] }),
  header('crit', { crit: ['x'], x: 1 }),
  header('crit', { crit: ['x', 'x'], x: 1 }),
  header('crit', { crit: ['b64'], b64: true }),
  header('crit', { crit: ['b64'], b64: false }),
  header('crit of what is not there', { crit: ['x'] }),
  ...[[], [''], [1], [null], 'exp', '', {}, null, true, 0].map((crit) => header('crit', { crit })),
  header('b64 without crit', { b64: false }),
  {
    name: 'a payload that is not encoded, as b64 says',
    make(mint) {
      const text = JSON.stringify(mint.header(mint.keys.EdDSA, { b64: false, crit: ['b64'] }))
      return mint.sealed(`${encode(text)}.payload`)
    },
  },
]

const types: readonly BadToken[] = [
  undefined,
  null,
  '',
  1,
  {},
  ['at+jwt'],
  'JWT',
  'jwt',
  'at+JWT',
  'AT+JWT',
  'At+Jwt',
  'application/AT+JWT',
  'application/jwt',
  'application/at+jwt; charset=utf-8',
  'text/at+jwt',
  'at+jwt ',
  ' at+jwt',
  'at jwt',
  'at',
  'logout+jwt',
  'dpop+jwt',
  'id+jwt',
  'secevent+jwt',
  'token-introspection+jwt',
  'JOSE',
].map((typ) => header('typ', { typ }))

const texts: readonly BadToken[] = [
  ...['', ' ', '{', '[]', 'null', '1', 'true', '"x"', '{}', '[{}]'].map(
    (text): BadToken => ({
      name: `the header text ${JSON.stringify(text)}`,
      make: (mint) => mint.signed(text, JSON.stringify(mint.claims())),
    }),
  ),
  ...Object.entries({
    'a byte order mark before the header': (text: string) => `\ufeff${text}`,
    'bytes after the header': (text: string) => `${text}x`,
    'a NUL after the header': (text: string) => `${text}\0`,
    'invalid UTF-8 in the header': (text: string) =>
      Buffer.from(text.replace('{', '{"x":"\u00ff",'), 'latin1'),
    'a trailing comma in the header': (text: string) => text.replace(/\}$/, ',}'),
    'single quotes in the header': (text: string) => text.replaceAll('"', "'"),
    'alg twice in the header, none last': (text: string) => text.replace(/\}$/, ',"alg":"none"}'),
  }).map(
    ([name, change]): BadToken => ({
      name,
      make: (mint) =>
        mint.signed(change(JSON.stringify(mint.header(mint.keys.EdDSA))), JSON.stringify(mint.claims())),
    }),
  ),
]

export const badHeaders: readonly BadToken[] = [
  ...algorithms,
  ...mixedUp,
  ...kids,
  ...shownKeys,
  ...critical,
  ...types,
  ...texts,
]
