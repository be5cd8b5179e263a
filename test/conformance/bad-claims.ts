import { type BadToken, shown } from './bad-headers.ts'
import type { Claims, Mint } from './token-mint.ts'

const ISSUER = 'https://auth.example.test'
const AUDIENCE = 'https://api.example.test'

/** A token with this in place of a claim; `undefined` leaves it out. */
const claim = (name: string, ...values: readonly unknown[]): BadToken[] =>
  values.map((value) => ({
    name: `${name} ${shown(value)}`,
    make: (mint) => mint.forged({ claims: { [name]: value } }),
  }))

/** A token whose claims depend on the clock. */
const timed = (name: string, claims: (now: number) => Claims, expired?: true): BadToken => ({
  name,
  make: (mint) => mint.forged({ claims: claims(mint.now) }),
  ...(expired === undefined ? {} : { expired }),
})

/** A token with a number that JSON.stringify would not write. */
const written = (name: string, number: string): BadToken => ({
  name: `${name} written ${number}`,
  make: (mint) =>
    mint.signed(
      JSON.stringify(mint.header(mint.keys.EdDSA)),
      JSON.stringify(mint.claims({ [name]: 0 })).replace(`"${name}":0`, `"${name}":${number}`),
    ),
})

const issuers: readonly BadToken[] = claim(
  'iss',
  undefined,
  null,
  '',
  1,
  true,
  [],
  [ISSUER],
  [ISSUER, ISSUER],
  {},
  { [ISSUER]: true },
  `${ISSUER}/`,
  `${ISSUER}#`,
  `${ISSUER}?`,
  `${ISSUER}.other.test`,
  `${ISSUER} `,
  ` ${ISSUER}`,
  `${ISSUER}\0`,
  ISSUER.slice(0, -1),
  ISSUER.toUpperCase(),
  ISSUER.replace('https', 'http'),
  ISSUER.replace('https://', ''),
  `${ISSUER}:443`,
  'https://other.example.test',
  AUDIENCE,
)

const audiences: readonly BadToken[] = claim(
  'aud',
  undefined,
  null,
  '',
  1,
  true,
  [],
  [''],
  [1],
  [null],
  [[AUDIENCE]],
  [AUDIENCE, 1],
  [AUDIENCE, null],
  {},
  { [AUDIENCE]: true },
  { 0: AUDIENCE, length: 1 },
  `${AUDIENCE}/`,
  `${AUDIENCE} `,
  `${AUDIENCE},https://other.example.test`,
  AUDIENCE.slice(0, -1),
  AUDIENCE.toUpperCase(),
  'https://other.example.test',
  ['https://other.example.test'],
  ISSUER,
  '*',
)

const times: readonly BadToken[] = [
  ...claim('exp', undefined, null, '', 'x', true, [], {}, -1),
  timed('exp 0', () => ({ exp: 0 }), true),
  timed('exp as a text', (now) => ({ exp: String(now + 600) })),
  timed('exp in a list', (now) => ({ exp: [now + 600] })),
  timed('exp in milliseconds', (now) => ({ exp: (now + 600) * 1000 })),
  timed('exp an hour ago', (now) => ({ iat: now - 4200, exp: now - 3600 }), true),
  timed('exp a second ago', (now) => ({ iat: now - 60, exp: now - 1 }), true),
  timed('exp this second', (now) => ({ iat: now - 60, exp: now }), true),
  written('exp', '1e999'),
  written('exp', '-1e999'),
  written('exp', '9007199254740993'),
  written('exp', '1e308'),
  written('exp', 'NaN'),
  written('exp', 'Infinity'),
  written('exp', '0x7fffffff'),
  ...claim('iat', undefined, null, '', 'x', true, [], {}, -1, 0),
  timed('iat as a text', (now) => ({ iat: String(now) })),
  timed('iat a minute ahead', (now) => ({ iat: now + 60 })),
  timed('iat ten seconds ahead', (now) => ({ iat: now + 10 })),
  timed('iat ten years ahead', (now) => ({ iat: now + 315_360_000, exp: now + 315_360_600 })),
  timed('iat in milliseconds', (now) => ({ iat: now * 1000 })),
  written('iat', '-1e999'),
  ...claim('nbf', null, '', 'x', true, [], {}, -1),
  timed('nbf a minute ahead', (now) => ({ nbf: now + 60 })),
  timed('nbf ten seconds ahead', (now) => ({ nbf: now + 10 })),
  timed('nbf as a text', (now) => ({ nbf: String(now) })),
  written('nbf', '1e999'),
  timed('a life of 1801 seconds', (now) => ({ iat: now, exp: now + 1801 })),
  timed('a life of a day', (now) => ({ iat: now, exp: now + 86_400 })),
  timed('a life that began an hour ago', (now) => ({ iat: now - 3600, exp: now + 600 })),
]

const names: readonly BadToken[] = ['sub', 'jti', 'sid', 'client_id'].flatMap((name) =>
  claim(name, undefined, null, '', 0, 1, true, [], ['x'], {}, { toString: 'x' }, 'x'.repeat(256)),
)

const others: readonly BadToken[] = [
  ...claim(
    'scope',
    null,
    1,
    true,
    [],
    ['profile:read'],
    {},
    ' ',
    'a  b',
    ' a',
    'a ',
    'a\tb',
    'a\nb',
    'a\u00a0b',
    'a"b',
    'a\\b',
    'caf\u00e9',
    'a\0b',
    '\u007f',
  ),
  ...claim('gen', null, '1', 0, -1, 1.5, [], {}),
  ...claim('auth_time', null, '1', -1, 1.5, []),
  ...claim('acr', null, 1, '', [], 'x'.repeat(256)),
  ...claim('amr', null, 'pwd', 1, {}, [1], [''], [null], [['pwd']]),
]

/** A token whose payload is this text. */
const payload = (name: string, change: (text: string, mint: Mint) => string | Buffer): BadToken => ({
  name,
  make: (mint) =>
    mint.signed(JSON.stringify(mint.header(mint.keys.EdDSA)), change(JSON.stringify(mint.claims()), mint)),
})

const texts: readonly BadToken[] = [
  ...['', ' ', '{', '}', '{}', '[]', 'null', 'true', '1', '"x"', 'undefined', 'x'].map((text) =>
    payload(`the payload text ${JSON.stringify(text)}`, () => text),
  ),
  payload('the claims in a list', (text) => `[${text}]`),
  payload('the claims as a text', (text) => JSON.stringify(text)),
  payload('the claims below a member', (text) => `{"claims":${text}}`),
  payload('the claims by inheritance', (text) => `{"__proto__":${text}}`),
  payload('sub by inheritance', (text) => text.replace('"sub":', '"__proto__":{"sub":"x"},"x":')),
  payload('a byte order mark before the claims', (text) => `\ufeff${text}`),
  payload('a byte order mark after the claims', (text) => `${text}\ufeff`),
  payload('bytes after the claims', (text) => `${text}x`),
  payload('a NUL after the claims', (text) => `${text}\0`),
  payload('a second object after the claims', (text) => `${text}${text}`),
  payload('invalid UTF-8 in a claim', (text) => Buffer.from(text.replace('{', '{"x":"\u00ff",'), 'latin1')),
  payload('an overlong UTF-8 sequence in a claim', (text) =>
    Buffer.concat([Buffer.from('{"x":"'), Buffer.from([0xc0, 0xaf]), Buffer.from(`",${text.slice(1)}`)]),
  ),
  payload('half a surrogate pair in UTF-8', (text) =>
    Buffer.concat([
      Buffer.from('{"x":"'),
      Buffer.from([0xed, 0xa0, 0x80]),
      Buffer.from(`",${text.slice(1)}`),
    ]),
  ),
  payload('UTF-16', (text) => Buffer.from(text, 'utf16le')),
  payload('a trailing comma', (text) => text.replace(/\}$/, ',}')),
  payload('a comment', (text) => `/**/${text}`),
  payload('single quotes', (text) => text.replaceAll('"', "'")),
  payload('a control character in a text', (text) => text.replace('{', '{"x":"\n",')),
]

export const badClaims: readonly BadToken[] = [
  ...issuers,
  ...audiences,
  ...times,
  ...names,
  ...others,
  ...texts,
]
