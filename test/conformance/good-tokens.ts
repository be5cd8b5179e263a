import type { Mint } from './token-mint.ts'

/** A token that every host must accept, so that refusing everything is no way to pass. */
export interface GoodToken {
  readonly name: string
  make(mint: Mint): string | Promise<string>
  /** The scope that the host then tells. Default: that of the session. */
  readonly scope?: string
  /** What comes before the token. Default: `Bearer `. */
  readonly scheme?: string
}

const AUDIENCE = 'https://api.example.test'

const good = (name: string, make: GoodToken['make'], more: Partial<GoodToken> = {}): GoodToken => ({
  name,
  make,
  ...more,
})

export const goodTokens: readonly GoodToken[] = [
  good('as a host would make it', (mint) => mint.good()),
  good('written by hand', (mint) => mint.forged()),
  good('under the second key, RS256', (mint) => mint.good({ key: mint.keys.RS256 })),
  good('under the third key, ES256', (mint) => mint.good({ key: mint.keys.ES256 })),
  good('typ application/at+jwt', (mint) => mint.forged({ header: { typ: 'application/at+jwt' } })),
  good('unknown header members', (mint) => mint.forged({ header: { x: 1, cty: 'json' } })),
  ...['bearer ', 'BEARER ', 'beareR ', 'Bearer   '].map((scheme) =>
    good(`after ${JSON.stringify(scheme)}`, (mint) => mint.good(), { scheme }),
  ),
  good('aud as a list of one', (mint) => mint.good({ claims: { aud: [AUDIENCE] } })),
  good('aud as a list, ours last', (mint) => mint.good({ claims: { aud: ['https://x.test', AUDIENCE] } })),
  good('aud as a list, ours first', (mint) => mint.good({ claims: { aud: [AUDIENCE, 'x'] } })),
  good('aud as a list, ours twice', (mint) => mint.good({ claims: { aud: [AUDIENCE, AUDIENCE] } })),
  good('unknown claims of every kind', (mint) =>
    mint.good({ claims: { a: null, b: [1, { c: true }], d: 'x', e: 1.5, roles: ['admin'] } }),
  ),
  good('claims with names of prototypes', (mint) =>
    mint.signed(
      JSON.stringify(mint.header(mint.keys.EdDSA)),
      JSON.stringify(mint.claims()).replace('{', '{"__proto__":{"scope":"admin"},"constructor":1,'),
    ),
  ),
  good('amr, acr and auth_time', (mint) =>
    mint.good({ claims: { amr: ['pwd', 'otp'], acr: 'urn:x:2', auth_time: mint.now - 3600 } }),
  ),
  good('an empty amr', (mint) => mint.good({ claims: { amr: [] } })),
  good('nbf in the past', (mint) => mint.good({ claims: { nbf: mint.now - 60 } })),
  good('nbf now', (mint) => mint.good({ claims: { nbf: mint.now } })),
  good('nbf 4 seconds ahead', (mint) => mint.good({ claims: { nbf: mint.now + 4 } })),
  good('iat 4 seconds ahead', (mint) => mint.good({ claims: { iat: mint.now + 4 } })),
  good('iat near the end of its life', (mint) =>
    mint.good({ claims: { iat: mint.now - 1700, exp: mint.now + 60 } }),
  ),
  good('a life of exactly 1800 seconds', (mint) =>
    mint.good({ claims: { iat: mint.now, exp: mint.now + 1800 } }),
  ),
  good('identifiers of 255 characters', (mint) =>
    mint.good({ claims: { jti: 'j'.repeat(255), client_id: 'c'.repeat(255) } }),
  ),
  good('letters beyond ASCII', (mint) => mint.good({ claims: { x: 'é\u{1f511}\u2028' } })),
  good('white space in the JSON', (mint) =>
    mint.signed(
      JSON.stringify(mint.header(mint.keys.EdDSA), null, 2),
      JSON.stringify(mint.claims(), null, '\t'),
    ),
  ),
  good('escapes in the JSON', (mint) =>
    mint.signed(
      JSON.stringify(mint.header(mint.keys.EdDSA)).replace('alg', '\\u0061lg'),
      JSON.stringify(mint.claims()).replace('sub', '\\u0073ub'),
    ),
  ),
  good('members in another order', (mint) => {
    const reversed = (members: object): string =>
      JSON.stringify(Object.fromEntries(Object.entries(members).reverse()))
    return mint.signed(reversed(mint.header(mint.keys.EdDSA)), reversed(mint.claims()))
  }),
  good('no scope', (mint) => mint.good({ claims: { scope: undefined } }), { scope: '' }),
  good('an empty scope', (mint) => mint.good({ claims: { scope: '' } }), { scope: '' }),
  good(
    'a scope of many signs',
    (mint) => mint.good({ claims: { scope: "a !#$%&'()*+,-./:;<=>?@[]^_`{|}~ b" } }),
    {
      scope: "a !#$%&'()*+,-./:;<=>?@[]^_`{|}~ b",
    },
  ),
  good('nearly 8 KiB', (mint) => mint.good({ claims: { x: 'x'.repeat(5400) } })),
]
